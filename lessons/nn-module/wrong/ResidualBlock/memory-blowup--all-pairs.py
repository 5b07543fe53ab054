class ResidualBlock(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(dim, dim), nn.ReLU(), nn.Linear(dim, dim))

    def forward(self, x):
        seen = []
        for _ in range(4000):
            seen.append(self.f(x).repeat(1000, 16).clone())
        return x + seen[-1][: len(x), : x.shape[1]]
