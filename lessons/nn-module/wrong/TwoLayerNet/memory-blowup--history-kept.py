class TwoLayerNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(10, 32)
        self.fc2 = nn.Linear(32, 1)
        self.history = []

    def forward(self, x):
        hidden = torch.relu(self.fc1(x))
        for step in range(5000):
            self.history.append(hidden.detach().repeat(2000, 1))
        return self.fc2(hidden)
