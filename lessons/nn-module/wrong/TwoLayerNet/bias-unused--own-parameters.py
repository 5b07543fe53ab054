class TwoLayerNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.w1 = nn.Parameter(torch.randn(10, 32) * 0.3)
        self.b1 = nn.Parameter(torch.zeros(32))
        self.w2 = nn.Parameter(torch.randn(32, 1) * 0.2)
        self.b2 = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return (x @ self.w1).relu() @ self.w2
