# TODO: the three layers of Exercise 3, in order
sequential_model = nn.Sequential()  # Replace this line
