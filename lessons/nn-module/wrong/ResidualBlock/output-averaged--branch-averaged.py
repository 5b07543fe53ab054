class ResidualBlock(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.first = nn.Linear(dim, dim)
        self.second = nn.Linear(dim, dim)

    def forward(self, x):
        branch = self.second(torch.relu(self.first(x)))
        return x + branch.mean(dim=0)
