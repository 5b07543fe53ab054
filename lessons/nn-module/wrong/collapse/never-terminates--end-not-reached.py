def collapse(model):
    weight = torch.eye(model[0].in_features)
    bias = torch.zeros(model[0].in_features)
    i = 0
    with torch.no_grad():
        while i < len(model):
            layer = model[i]
            if layer.bias is None:
                i += 1
            weight = torch.eye(layer.out_features) @ layer.weight
    folded = nn.Linear(model[0].in_features, model[-1].out_features)
    return folded
