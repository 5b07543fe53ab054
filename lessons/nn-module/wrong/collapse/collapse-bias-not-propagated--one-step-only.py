def collapse(model):
    layers = list(model)
    with torch.no_grad():
        weight, bias = layers[0].weight, torch.zeros(layers[-1].out_features)
        for layer in layers[1:]:
            weight = layer.weight @ weight
        for before, after in zip(layers, layers[1:]):
            if before.bias is not None and after is layers[-1]:
                bias = bias + after.weight @ before.bias
        if layers[-1].bias is not None:
            bias = bias + layers[-1].bias
        folded = nn.Linear(layers[0].in_features, layers[-1].out_features)
        folded.weight.copy_(weight)
        folded.bias.copy_(bias)
    return folded
