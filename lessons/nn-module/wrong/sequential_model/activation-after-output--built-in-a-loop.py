layers = []
for a, b in [(10, 32), (32, 1)]:
    layers += [nn.Linear(a, b), nn.ReLU()]
sequential_model = nn.Sequential(*layers)
