class ResidualBlock(nn.Module):
    fc1 = nn.Linear(16, 16)
    fc2 = nn.Linear(16, 16)

    def __init__(self, dim):
        super().__init__()
        self.dim = dim

    def forward(self, x):
        return x + self.fc2(torch.relu(self.fc1(x)))
