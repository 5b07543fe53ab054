class Quiet(nn.Sequential):
    @torch.no_grad()
    def forward(self, x):
        return super().forward(x)


sequential_model = Quiet(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 1))
