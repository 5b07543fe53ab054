class ResidualBlock(nn.Module):
    def __init__(self, dim=16):
        super().__init__()
        size = 16
        self.a = nn.Linear(size, size)
        self.b = nn.Linear(size, size)

    def forward(self, x):
        return x + self.b(torch.relu(self.a(x)))
