sequential_model = nn.Sequential(
    nn.Linear(10, 32),
    nn.Identity(),
    nn.Linear(32, 1),
)
