def collapse(model):
    W = torch.eye(model[0].in_features)
    with torch.no_grad():
        for layer in model:
            W = layer.weight @ W
        out = nn.Linear(W.shape[1], W.shape[0], bias=False)
        out.weight.copy_(W)
    return out
