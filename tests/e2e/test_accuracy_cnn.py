"""Fashion-MNIST, the larger convolutional network with dropout; the longest test of all."""
# processors: 2
import unittest

import fashion


class Accuracy(fashion.Case):
    def test_cnn(self):
        self.reaches("fashion-mnist-cnn.yaml", 0.920, epochs=12)


if __name__ == "__main__":
    unittest.main()
