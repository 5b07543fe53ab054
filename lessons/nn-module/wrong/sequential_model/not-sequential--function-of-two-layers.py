hidden, output = nn.Linear(10, 32), nn.Linear(32, 1)


def sequential_model(x):
    return output(torch.relu(hidden(x)))
