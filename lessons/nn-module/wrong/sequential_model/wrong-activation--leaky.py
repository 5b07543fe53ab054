sequential_model = nn.Sequential(
    nn.Linear(10, 32),
    nn.LeakyReLU(0.1),
    nn.Linear(32, 1),
)
