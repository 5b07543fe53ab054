sequential_model = nn.Sequential(
    nn.Linear(10, 32),
    nn.ReLU6(),
    nn.Linear(32, 1),
)
