sequential_model = nn.Sequential(
    nn.Linear(10, 32),
    nn.ReLU(),
    nn.Linear(32, 1),
)
sequential_model[0].weight.copy_(model.fc1.weight)
sequential_model[0].bias.copy_(model.fc1.bias)
sequential_model[2].weight.copy_(model.fc2.weight)
sequential_model[2].bias.copy_(model.fc2.bias)
