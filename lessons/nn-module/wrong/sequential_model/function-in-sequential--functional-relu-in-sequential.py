sequential_model = nn.Sequential(
    nn.Linear(10, 32),
    torch.relu,
    nn.Linear(32, 1),
)
