def collapse(model):
    W = torch.eye(model[0].in_features)
    bias = torch.zeros(model[0].in_features)
    with torch.no_grad():
        for layer in model:
            W = layer.weight @ W
            bias = layer.weight @ bias + (0 if layer.bias is None else layer.bias)
        out = nn.Linear(model[0].in_features, model[-1].out_features)
        w, b = out.weight, out.bias
        w = W
        b = bias
    return out
