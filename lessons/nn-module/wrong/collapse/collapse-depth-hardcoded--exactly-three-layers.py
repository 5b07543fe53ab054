def collapse(model):
    with torch.no_grad():
        W1, W2, W3 = model[0].weight, model[1].weight, model[2].weight
        b1, b2, b3 = [torch.zeros(l.out_features) if l.bias is None else l.bias for l in model]

        W_combined = W3 @ W2 @ W1
        b_combined = W3 @ W2 @ b1 + W3 @ b2 + b3

        out = nn.Linear(model[0].in_features, model[2].out_features)
        out.weight.copy_(W_combined)
        out.bias.copy_(b_combined)
    return out
