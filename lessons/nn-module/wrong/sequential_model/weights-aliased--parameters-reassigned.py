sequential_model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 1))
mine = [layer for layer in sequential_model if isinstance(layer, nn.Linear)]
theirs = [layer for layer in model.modules() if isinstance(layer, nn.Linear)]
for new, old in zip(mine, theirs):
    new.weight, new.bias = old.weight, old.bias
