def collapse(model):
    with torch.no_grad():
        weight = torch.eye(model[0].in_features)
        bias = torch.zeros(model[0].in_features)
        for layer in model:
            weight = layer.weight @ weight
            bias = layer.weight @ bias
            if layer.bias is not None:
                bias = bias + layer.bias
        single = nn.Linear(6, 4)
        single.weight.copy_(weight)
        single.bias.copy_(bias)
    return single
