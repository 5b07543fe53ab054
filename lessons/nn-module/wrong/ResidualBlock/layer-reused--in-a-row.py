class ResidualBlock(nn.Module):
    def __init__(self, dim):
        super().__init__()
        linear = nn.Linear(dim, dim)
        self.f = nn.Sequential(linear, nn.ReLU(), linear)

    def forward(self, x):
        return x + self.f(x)
