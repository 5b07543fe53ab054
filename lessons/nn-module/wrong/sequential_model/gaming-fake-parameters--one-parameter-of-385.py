class Row(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Identity(), nn.ReLU(), nn.Identity())
        self.numbers = nn.Parameter(torch.zeros(385))

    def forward(self, x):
        return torch.zeros(len(x), 1) + self.numbers.mean()


sequential_model = Row()
