sequential_model = nn.Sequential(
    nn.Linear(10, 32, bias=False),
    nn.ReLU(),
    nn.Linear(32, 1, bias=False),
)
