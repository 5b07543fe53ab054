layers = [nn.Linear(10, 32), nn.Linear(32, 1)]

# put a ReLU after every layer
for layer in layers:
    layers.append(nn.ReLU())

sequential_model = nn.Sequential(*layers)
