"""data.label_offset: classes that count from elsewhere train the same bits as those that count from 0, and are explained if not."""
import unittest

import h5py
import numpy as np

import harness

CONFIG = """
data: {{train: "{data}[:60]", val: "{data}[60:]", y: {y}, label_offset: {offset}}}
model:
  layers:
    - linear: 3
loss: {{name: {loss}}}
train: {{epochs: 2, batch: 20}}
"""


class LabelOffset(harness.Case):
    def setUp(self):
        super().setUp()
        random = np.random.default_rng(4)
        y = np.arange(80) % 3
        with h5py.File(self.path("data.h5"), "w") as f:
            f["x"] = random.standard_normal((80, 5)).astype(np.float32)
            f["zero"], f["one"], f["less"], f["values"] = y, y + 1, y - 7, y + 0.5
            f["ignored"], f["ignored_one"] = np.where(y == 2, -100, y), np.where(y == 2, -100, y + 1)

    def config(self, y, offset, loss="cross_entropy"):
        return self.write("c.yaml", CONFIG.format(data=self.path("data.h5"), y=y, offset=offset, loss=loss))

    def test_same_bits(self):
        for plain, y, offset in (("zero", "one", 1), ("zero", "less", -7), ("ignored", "ignored_one", 1)):
            with self.subTest(y=y):
                first = self.train(self.config(plain, 0), 1)
                second = self.train(self.config(y, offset), 2)
                self.same(first, second)
        result = harness.run(["eval", second.final, "--data", self.path("data.h5")])
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_refused(self):
        for y, offset, code, part, loss in (("one", 0, 3, "labels are 1..3, but classes count from 0; set data.label_offset: 1", "cross_entropy"),
                                            ("zero", 1, 3, "has label -1", "cross_entropy"),
                                            ("values", 1, 2, "holds no class indices, which alone have an offset", "mse")):
            with self.subTest(y=y):
                result = harness.run(["train", self.config(y, offset, loss), "-o", self.path("bad")])
                self.assertEqual(result.returncode, code, result.stderr)
                self.assertIn(part, result.stderr)


if __name__ == "__main__":
    unittest.main()
