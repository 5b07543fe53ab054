sequential_model = nn.Sequential(
    nn.Linear(10, 32),
    nn.ReLU(),
    nn.Linear(32, 1),
)
# same weights as TwoLayerNet
sequential_model[0].weight = model.fc1.weight
sequential_model[0].bias = model.fc1.bias
sequential_model[2].weight = model.fc2.weight
sequential_model[2].bias = model.fc2.bias
