sequential_model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), list(model.children())[-1])
