"""Fashion-MNIST, the larger convolutional network with dropout; the longest test of all, so with fewer epochs than its configuration."""
# processors: 2
# long
import unittest

import fashion


class Accuracy(fashion.Case):
    def test_cnn(self):
        self.reaches("fashion-mnist-cnn.yaml", 0.920, epochs=7, flags=["--train.epochs=7"])


if __name__ == "__main__":
    unittest.main()
