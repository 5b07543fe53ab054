sequential_model = nn.Sequential(
    nn.ReLU(),
    nn.Linear(10, 32),
    nn.Linear(32, 1),
)
