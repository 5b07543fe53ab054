sequential_model = nn.ModuleList()
sequential_model.append(nn.Linear(10, 32))
sequential_model.append(nn.ReLU())
sequential_model.append(nn.Linear(32, 1))
