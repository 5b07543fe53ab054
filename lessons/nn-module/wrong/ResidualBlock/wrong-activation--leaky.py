class ResidualBlock(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.lift = nn.Linear(dim, dim)
        self.back = nn.Linear(dim, dim)

    def forward(self, x):
        return x + self.back(nn.functional.leaky_relu(self.lift(x)))
