class ResidualBlock(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.lin1 = nn.Linear(dim, dim, bias=False)
        self.act = nn.ReLU()
        self.lin2 = nn.Linear(dim, dim, bias=False)

    def forward(self, x):
        return self.lin2(self.act(self.lin1(x))) + x
