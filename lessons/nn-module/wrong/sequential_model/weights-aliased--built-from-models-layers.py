sequential_model = nn.Sequential(model.fc1, model.relu, model.fc2)
