sequential_model = nn.Sequential(
    nn.Linear(10, 32),
    nn.GELU(),
    nn.Linear(32, 1),
)
