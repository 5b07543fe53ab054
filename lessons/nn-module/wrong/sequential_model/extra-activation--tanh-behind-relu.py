sequential_model = nn.Sequential(
    nn.Linear(10, 32),
    nn.ReLU(),
    nn.Tanh(),
    nn.Linear(32, 1),
)
