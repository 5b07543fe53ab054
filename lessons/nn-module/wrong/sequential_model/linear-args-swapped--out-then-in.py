sequential_model = nn.Sequential(
    nn.Linear(32, 10),
    nn.ReLU(),
    nn.Linear(1, 32),
)
