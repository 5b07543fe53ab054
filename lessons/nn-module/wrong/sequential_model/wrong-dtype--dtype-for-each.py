sequential_model = nn.Sequential(
    nn.Linear(10, 32, dtype=torch.double),
    nn.ReLU(),
    nn.Linear(32, 1, dtype=torch.double),
)
