class ResidualBlock(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.fc1 = nn.Linear(n_in, n_out)
        self.relu = nn.ReLU()
        self.fc2 = nn.Linear(n_out, n_in)

    def forward(self, x):
        return x + self.fc2(self.relu(self.fc1(x)))
