def collapse(model):
    with torch.no_grad():
        W = torch.eye(model[0].in_features)
        b = torch.zeros(model[0].in_features)
        for layer in model:
            W = layer.weight @ W
            b = layer.weight @ b
            if layer.bias is not None:
                b = b + layer.bias
    out = nn.Linear(W.shape[1], W.shape[0])
    out.weight = W
    out.bias = b
    return out
