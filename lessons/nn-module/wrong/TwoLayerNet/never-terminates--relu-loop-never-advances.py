class TwoLayerNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(10, 32)
        self.fc2 = nn.Linear(32, 1)

    def forward(self, x):
        h = self.fc1(x).clone()
        flat = h.view(-1)
        i = 0
        while i < flat.numel():
            if flat[i] < 0:
                flat[i] = 0
                i += 1
        return self.fc2(h)
