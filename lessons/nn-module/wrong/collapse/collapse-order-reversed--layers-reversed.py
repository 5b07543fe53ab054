def collapse(model):
    with torch.no_grad():
        weight = None
        for layer in reversed(model):
            weight = layer.weight if weight is None else layer.weight @ weight
        bias = model(torch.zeros(model[0].in_features))
        folded = nn.Linear(model[0].in_features, model[-1].out_features)
        folded.weight.copy_(weight)
        folded.bias.copy_(bias)
    return folded
