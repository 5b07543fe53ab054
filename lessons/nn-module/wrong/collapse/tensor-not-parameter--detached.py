def collapse(model):
    with torch.no_grad():
        bias = model(torch.zeros(1, model[0].in_features))[0]
        weight = (model(torch.eye(model[0].in_features)) - bias).T
    folded = nn.Linear(model[0].in_features, model[-1].out_features)
    folded.weight = weight.detach().clone()
    folded.bias = bias.detach().clone()
    return folded
