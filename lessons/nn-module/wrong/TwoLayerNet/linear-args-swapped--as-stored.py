class TwoLayerNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(32, 10), nn.ReLU(), nn.Linear(1, 32))

    def forward(self, x):
        return self.net(x)
