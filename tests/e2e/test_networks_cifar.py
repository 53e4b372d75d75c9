"""Configurations of launch/ for CIFAR-10: what launch/README.md says they reach. Other tests train these networks for a few steps."""
# label: night
# processors: 2
import gzip
import os
import unittest

import harness
import real_sets


class Cifar(harness.Case):
    FOLDER = os.path.join(real_sets.DATA, "cifar10-subset")

    def setUp(self):
        super().setUp()
        if not os.path.isdir(self.FOLDER):
            self.skipTest(f"{self.FOLDER} is not there")
        import h5py
        import numpy as np
        for split, name in (("train", "data_batch_1.first4000.bin.gz"), ("test", "test_batch.first1000.bin.gz")):
            with gzip.open(os.path.join(self.FOLDER, name)) as f:
                rows = np.frombuffer(f.read(), np.uint8).reshape(-1, 3073)
            with h5py.File(self.path(f"{split}.h5"), "w") as out:
                out["x"], out["y"] = rows[:, 1:].reshape(-1, 3, 32, 32), rows[:, 0]

    def reached(self, config, *flags):
        run = self.train(config, 2, [f"--data.train={self.path('train.h5')}", f"--data.val={self.path('test.h5')}", *flags], timeout=1100)
        print(f"{os.path.basename(config)}: accuracy {run.done['accuracy']}")
        return run.done["accuracy"]

    def test_shortcuts_help(self):
        path = os.path.join(harness.SOURCE, "launch", "cifar10-resnet20.yaml")
        with open(path) as f:
            text = f.read()
        lines = [line for line in text.split("\n") if "name: skip" not in line and "from: [body, skip]" not in line]
        self.assertEqual(len(lines), text.count("\n") - 1)
        residual, plain = (self.reached(config, "--train.epochs=8") for config in (path, self.write("plain.yaml", "\n".join(lines))))
        self.assertGreaterEqual(residual, 0.56)
        self.assertGreater(residual, plain)

    def test_mobilenet(self):
        self.assertGreaterEqual(self.reached(os.path.join(harness.SOURCE, "launch", "cifar10-mobilenet.yaml"), "--train.epochs=10"), 0.56)


if __name__ == "__main__":
    unittest.main()
