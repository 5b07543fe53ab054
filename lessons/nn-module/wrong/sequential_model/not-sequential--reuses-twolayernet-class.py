sequential_model = TwoLayerNet()
