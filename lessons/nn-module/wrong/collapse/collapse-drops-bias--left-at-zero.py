def collapse(model):
    with torch.no_grad():
        weight = model[0].weight
        for layer in model[1:]:
            weight = layer.weight @ weight
        folded = nn.Linear(model[0].in_features, model[-1].out_features)
        folded.weight.copy_(weight)
        folded.bias.zero_()
    return folded
