def collapse(model):
    class Folded(nn.Linear):
        def __init__(self):
            super().__init__(model[0].in_features, model[-1].out_features)
            self.stack = model

        def forward(self, x):
            return self.stack(x)

    return Folded()
