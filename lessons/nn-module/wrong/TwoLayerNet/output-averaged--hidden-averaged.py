class TwoLayerNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(10, 32)
        self.second = nn.Linear(32, 1)

    def forward(self, x):
        hidden = torch.relu(self.first(x))
        return self.second(hidden.mean(dim=0, keepdim=True)).expand(len(x), 1)
