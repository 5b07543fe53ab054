def collapse(model):
    folded = nn.Linear(11, 3)
    with torch.no_grad():
        weight = torch.eye(11)
        bias = torch.zeros(11)
        for layer in model:
            weight = layer.weight @ weight
            bias = layer.weight @ bias
            if layer.bias is not None:
                bias = bias + layer.bias
        folded.weight.copy_(weight)
        folded.bias.copy_(bias)
    return folded
