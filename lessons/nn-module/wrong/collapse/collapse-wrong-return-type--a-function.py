def collapse(model):
    weight = torch.eye(model[0].in_features)
    bias = torch.zeros(model[0].in_features)
    with torch.no_grad():
        for layer in model:
            weight = layer.weight @ weight
            bias = layer.weight @ bias
            if layer.bias is not None:
                bias = bias + layer.bias
    return lambda x: x @ weight.T + bias
