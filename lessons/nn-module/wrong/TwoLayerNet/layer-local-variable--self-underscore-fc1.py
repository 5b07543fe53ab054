class TwoLayerNet(nn.Module):
    def __init__(self):
        super().__init__()
        self_fc1 = nn.Linear(10, 32)
        self_relu = nn.ReLU()
        self_fc2 = nn.Linear(32, 1)

    def forward(self, x):
        x = self_fc1(x)
        x = self_relu(x)
        x = self_fc2(x)
        return x
