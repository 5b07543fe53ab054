sizes = [10, 32, 1]
first, second = (nn.Linear(a, b, bias=False) for a, b in zip(sizes, sizes[1:]))
sequential_model = nn.Sequential(first, nn.ReLU(), second)
