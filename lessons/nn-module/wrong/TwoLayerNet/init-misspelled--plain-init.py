class TwoLayerNet(nn.Module):
    def init(self):
        super().__init__()
        self.hidden = nn.Linear(10, 32)
        self.relu = nn.ReLU()
        self.output = nn.Linear(32, 1)

    def forward(self, x):
        x = self.hidden(x)
        x = self.relu(x)
        return self.output(x)
