class ResidualBlock(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.down = nn.Linear(dim, dim // 2)
        self.relu = nn.ReLU()
        self.up = nn.Linear(dim // 2, dim)

    def forward(self, x):
        return x + self.up(self.relu(self.down(x)))
