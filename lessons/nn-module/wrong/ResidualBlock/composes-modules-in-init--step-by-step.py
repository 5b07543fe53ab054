class ResidualBlock(nn.Module):
    def __init__(self, dim):
        super().__init__()
        first = nn.Linear(dim, dim)
        act = nn.ReLU()(first)
        self.f = nn.Linear(dim, dim)(act)

    def forward(self, x):
        return x + self.f(x)
