def collapse(model):
    """One new nn.Linear that gives the same output as `model`."""
    # TODO: go through the layers; what does each of them do to
    # the weight and the bias that you have so far?
    pass
    folded = nn.Linear(model[0].in_features, model[-1].out_features)
    # TODO: give both to the layer that is returned
    pass
    return folded
