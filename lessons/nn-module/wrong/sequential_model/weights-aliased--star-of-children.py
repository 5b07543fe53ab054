sequential_model = nn.Sequential(*model.children())
