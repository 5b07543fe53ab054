class TwoLayerNet(nn.Module):
    def __init__(self):
        super().__init__()
        hidden = nn.Linear(10, 32)
        output = nn.Linear(32, 1)

    def forward(self, x):
        return output(torch.relu(hidden(x)))
