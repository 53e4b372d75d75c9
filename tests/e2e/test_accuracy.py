"""Fashion-MNIST, the two small networks: the accuracy that PyTorch reaches with the same recipe."""
# processors: 2
import unittest

import fashion


class Accuracy(fashion.Case):
    def test_tutorial_network(self):
        self.reaches("fashion-mnist.yaml", 0.885, epochs=10)

    def test_mlp(self):
        self.reaches("mlp.yaml", 0.890, epochs=8)


if __name__ == "__main__":
    unittest.main()
