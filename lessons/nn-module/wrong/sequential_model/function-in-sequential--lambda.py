sequential_model = nn.Sequential(
    nn.Linear(10, 32),
    lambda x: x.clamp(min=0),
    nn.Linear(32, 1),
)
