class ResidualBlock(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.before = nn.Linear(dim, dim)
        self.after = nn.Linear(dim, dim)

    def forward(self, x):
        hidden = self.before(x)
        return x + hidden + self.after(torch.relu(hidden))
