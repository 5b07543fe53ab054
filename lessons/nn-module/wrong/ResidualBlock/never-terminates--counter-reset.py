class ResidualBlock(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(dim, dim), nn.ReLU(), nn.Linear(dim, dim)])

    def forward(self, x):
        out = x
        step = 0
        while step < 3:
            step = 0
            out = self.layers[step](out)
            step += 1
        return x + out
