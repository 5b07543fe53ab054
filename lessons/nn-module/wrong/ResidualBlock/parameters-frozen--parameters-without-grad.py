class ResidualBlock(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(dim, dim), nn.ReLU(), nn.Linear(dim, dim))
        for parameter in self.f.parameters():
            parameter.requires_grad_(False)

    def forward(self, x):
        return x + self.f(x)
