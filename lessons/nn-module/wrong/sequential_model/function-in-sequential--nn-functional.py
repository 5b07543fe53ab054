sequential_model = nn.Sequential(nn.Linear(10, 32), nn.functional.relu, nn.Linear(32, 1))
