sequential_model = nn.ModuleDict({"hidden": nn.Linear(10, 32), "relu": nn.ReLU(), "output": nn.Linear(32, 1)})
