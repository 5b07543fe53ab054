sequential_model = nn.Sequential()
