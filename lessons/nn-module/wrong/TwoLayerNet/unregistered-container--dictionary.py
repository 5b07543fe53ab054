class TwoLayerNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.parts = {"first": nn.Linear(10, 32), "act": nn.ReLU(), "last": nn.Linear(32, 1)}

    def forward(self, x):
        h = self.parts["act"](self.parts["first"](x))
        return self.parts["last"](h)
