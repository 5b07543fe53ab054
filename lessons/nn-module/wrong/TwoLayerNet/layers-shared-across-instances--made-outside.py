hidden_layer = nn.Linear(10, 32)
output_layer = nn.Linear(32, 1)


class TwoLayerNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = hidden_layer
        self.output = output_layer

    def forward(self, x):
        return self.output(torch.relu(self.hidden(x)))
