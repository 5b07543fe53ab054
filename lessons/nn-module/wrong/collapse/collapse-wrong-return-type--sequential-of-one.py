def collapse(model):
    with torch.no_grad():
        bias = model(torch.zeros(1, model[0].in_features))[0]
        weight = (model(torch.eye(model[0].in_features)) - bias).T
        folded = nn.Linear(weight.shape[1], weight.shape[0])
        folded.weight.copy_(weight)
        folded.bias.copy_(bias)
    return nn.Sequential(folded)
