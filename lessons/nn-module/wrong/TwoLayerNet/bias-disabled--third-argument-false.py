class TwoLayerNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(10, 32, False), nn.ReLU(), nn.Linear(32, 1, False))

    def forward(self, x):
        return self.net(x)
