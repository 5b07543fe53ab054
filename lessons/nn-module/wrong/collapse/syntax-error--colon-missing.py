def collapse(model):
    weight = model[0].weight
    for layer in model[1:]
        weight = layer.weight @ weight
    return weight
