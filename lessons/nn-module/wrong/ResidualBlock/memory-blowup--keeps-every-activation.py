class ResidualBlock(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.fc1 = nn.Linear(dim, dim)
        self.relu = nn.ReLU()
        self.fc2 = nn.Linear(dim, dim)

    def forward(self, x):
        history = []
        f_x = self.fc2(self.relu(self.fc1(x)))
        for step in range(500_000):
            history.append(f_x.detach().flatten()[:64].repeat(1000) * step)
            history = history[-6000:]
        return x + f_x
