"""Fashion-MNIST, the larger convolutional network with dropout; with fewer epochs than its configuration."""
# label: night
# processors: 2
import unittest

import fashion


class Accuracy(fashion.Case):
    def test_cnn(self):
        self.reaches("fashion-mnist-cnn.yaml", 0.920, epochs=7, flags=["--train.epochs=7"])


if __name__ == "__main__":
    unittest.main()
