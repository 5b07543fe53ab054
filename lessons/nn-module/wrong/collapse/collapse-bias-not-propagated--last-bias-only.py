def collapse(model):
    with torch.no_grad():
        weight = torch.eye(model[0].in_features)
        for layer in model:
            weight = layer.weight @ weight
        folded = nn.Linear(weight.shape[1], weight.shape[0])
        folded.weight.copy_(weight)
        if model[-1].bias is None:
            folded.bias.zero_()
        else:
            folded.bias.copy_(model[-1].bias)
    return folded
