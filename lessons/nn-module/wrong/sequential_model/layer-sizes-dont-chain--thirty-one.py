sequential_model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(31, 1))
