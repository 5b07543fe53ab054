sizes = [10, 32, 1]
sequential_model = nn.Sequential(*[nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])])
