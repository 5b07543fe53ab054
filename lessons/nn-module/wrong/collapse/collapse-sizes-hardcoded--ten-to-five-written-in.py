def collapse(model):
    with torch.no_grad():
        W = torch.eye(10)
        b = torch.zeros(10)
        for layer in model:
            W = layer.weight @ W
            b = layer.weight @ b
            if layer.bias is not None:
                b = b + layer.bias
        collapsed = nn.Linear(10, 5)
        collapsed.weight.copy_(W)
        collapsed.bias.copy_(b)
    return collapsed
