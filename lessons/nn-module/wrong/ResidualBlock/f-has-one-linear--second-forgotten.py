class ResidualBlock(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.lin_a = nn.Linear(dim, dim)
        self.lin_b = nn.Linear(dim, dim)

    def forward(self, x):
        return x + torch.relu(self.lin_a(x))
