layers = [nn.Linear(10, 32)]
while len(layers) < 3:
    layers = [layers[0], nn.ReLU()]
layers.append(nn.Linear(32, 1))
sequential_model = nn.Sequential(*layers)
