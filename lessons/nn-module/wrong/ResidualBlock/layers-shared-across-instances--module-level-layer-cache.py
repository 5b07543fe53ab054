_LAYERS = {}

def get_layers(dim):
    if dim not in _LAYERS:
        _LAYERS[dim] = (nn.Linear(dim, dim), nn.Linear(dim, dim))
    return _LAYERS[dim]

class ResidualBlock(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.fc1, self.fc2 = get_layers(dim)
        self.relu = nn.ReLU()

    def forward(self, x):
        return x + self.fc2(self.relu(self.fc1(x)))
