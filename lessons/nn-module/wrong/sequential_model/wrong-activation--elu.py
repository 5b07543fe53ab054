sequential_model = nn.Sequential(
    nn.Linear(10, 32),
    nn.ELU(),
    nn.Linear(32, 1),
)
