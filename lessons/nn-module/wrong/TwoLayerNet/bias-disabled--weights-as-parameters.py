class TwoLayerNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.w1 = nn.Parameter(torch.randn(32, 10) * 0.1)
        self.w2 = nn.Parameter(torch.randn(1, 32) * 0.1)

    def forward(self, x):
        hidden = torch.relu(x @ self.w1.T)
        return hidden @ self.w2.T
