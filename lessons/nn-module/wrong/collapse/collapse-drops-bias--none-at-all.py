def collapse(model):
    weight = torch.eye(model[0].in_features)
    for layer in model:
        weight = layer.weight.detach() @ weight
    folded = nn.Linear(model[0].in_features, model[-1].out_features, bias=None)
    folded.weight = nn.Parameter(weight)
    return folded
