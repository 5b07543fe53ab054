layers = [nn.Linear(10, 32), nn.Linear(32, 1)]
layers.append(nn.ReLU())
sequential_model = nn.Sequential(*layers)
