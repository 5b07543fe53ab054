class ResidualBlock(nn.Module):
    def __init__(self, dim):
        super(ResidualBlock).__init__()
        self.block = nn.Sequential(nn.Linear(dim, dim), nn.ReLU(), nn.Linear(dim, dim))

    def forward(self, x):
        return x + self.block(x)
