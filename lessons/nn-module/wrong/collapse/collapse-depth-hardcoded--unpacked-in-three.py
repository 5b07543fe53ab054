def collapse(model):
    one, two, three = model
    zero = torch.zeros(1, one.in_features)
    with torch.no_grad():
        bias = three(two(one(zero)))[0]
        weight = three.weight @ two.weight @ one.weight
        folded = nn.Linear(one.in_features, three.out_features)
        folded.weight.copy_(weight)
        folded.bias.copy_(bias)
    return folded
