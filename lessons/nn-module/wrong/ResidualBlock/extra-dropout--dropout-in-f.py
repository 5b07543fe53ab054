class ResidualBlock(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.fc1 = nn.Linear(dim, dim)
        self.relu = nn.ReLU()
        self.dropout = nn.Dropout(0.1)
        self.fc2 = nn.Linear(dim, dim)

    def forward(self, x):
        f_x = self.fc2(self.dropout(self.relu(self.fc1(x))))
        return x + f_x
