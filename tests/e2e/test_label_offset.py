"""data.label_offset and data.label_map: classes that count from elsewhere, or have any numbers, train the same bits as those that count
from 0, and are explained if not."""
import unittest

import h5py
import numpy as np

import harness

CONFIG = """
data: {{train: "{data}[:60]", val: "{data}[60:]", y: {y}, {key}: {offset}}}
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

    def config(self, y, offset, loss="cross_entropy", key="label_offset"):
        return self.write("c.yaml", CONFIG.format(data=self.path("data.h5"), y=y, offset=offset, loss=loss, key=key))

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
                                            ("values", 1, 2, "data.label_offset: is for class indices, but ", "mse")):
            with self.subTest(y=y):
                result = harness.run(["train", self.config(y, offset, loss), "-o", self.path("bad")])
                self.assertEqual(result.returncode, code, result.stderr)
                self.assertIn(part, result.stderr)


POSITIONS = """
data: {{train: "{data}", y: {y}, layout: NCL{more}}}
model:
  layers:
    - conv1d: {{out: 3, kernel: 1}}
train: {{epochs: 2, batch: 20}}
"""


class LabelMap(LabelOffset):
    def setUp(self):
        super().setUp()
        names = np.array([30, -8, 255])
        with h5py.File(self.path("data.h5"), "r+") as f:
            y = f["zero"][()]
            f["any"], f["floats"] = names[y], names[y].astype("f8")
            f["any_ignored"], f["both"] = np.where(y == 2, -100, names[y]), np.where(y == 2, -100, y)
            f["images"] = np.random.default_rng(5).standard_normal((80, 2, 7)).astype("f4")
            f["at"] = at = np.random.default_rng(6).integers(0, 3, (80, 7))
            f["at_any"], f["at_ignored"] = names[at].astype("i2"), np.where(at == 1, -100, at)

    def test_features_are_no_classes(self):
        with open(self.config("images", "[1, 2]", "mse", "label_map")) as f:
            config = self.write("features.yaml", f.read().replace("linear: 3", "linear: 14"))
        result = harness.run(["train", config, "-o", self.path("bad")])
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertIn("data.label_map: is for class indices, but data.y: x holds none; leave it out", result.stderr)

    def mapped(self, y, text, ranks=1, loss="cross_entropy"):
        return self.train(self.config(y, text, loss, "label_map"), ranks)

    def test_same_bits(self):
        plain, others = self.train(self.config("zero", 0), 1), self.train(self.config("both", 0), 1)
        for y, text, expected in (("any", "{30: 0, 255: 2, -8: 1}", plain), ("any", "[30, -8, 255]", plain), ("floats", "[30, -8, 255]", plain),
                                  ("any_ignored", "{30: 0, -8: 1}", others), ("any", "{30: 0, -8: 1, 255: ignore}", others),
                                  ("any", "{30: 0, -8: 1, others: ignore}", others), ("zero", "{}", plain)):
            with self.subTest(y=y, text=text):
                run = self.mapped(y, text, 2 if y == "any" else 1)
                self.same(expected, run)
        run = self.mapped("any", "[30, -8, 255]")
        self.assertIn("data.label_map", run.process.stdout)
        for y in ("any", "zero"):
            result = harness.run(["eval", run.final, "--data", self.path("data.h5"), "--y", y])
            self.assertEqual(result.returncode, 0 if y == "any" else 3, result.stderr)
        result = harness.run(["predict", run.final, "--data", self.path("data.h5"), "--y", "any", "--out", self.path("p.h5")])
        self.assertEqual(result.returncode, 0, result.stderr)
        with h5py.File(self.path("p.h5")) as p, h5py.File(self.path("data.h5")) as f:
            np.testing.assert_array_equal(p["labels"][()], f["zero"][()])
        result = harness.run(["train", self.config("any", "[30, 255, -8]", key="label_map"), "-o", run.folder, "--resume", "auto", "--train.epochs=3"])
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertIn("data.label_map: was {-8: 1, 30: 0, 255: 2}, is {-8: 2, 30: 0, 255: 1}", result.stderr)

    def test_positions(self):
        def train(y, more=""):
            return self.train(self.write("c.yaml", POSITIONS.format(data=self.path("data.h5"), y=y, more=", x: images" + more)))
        self.same(train("at"), train("at_any", ", label_map: [30, -8, 255]"))
        self.same(train("at_ignored"), train("at_any", ", label_map: {30: 0, 255: 2, others: ignore}"))

    def test_refused(self):
        for y, text, code, part, loss in (("any", "[30, -8]", 3, "any: sample 2 has label 255, which data.label_map does not name", "cross_entropy"),
                                          ("any", "[30, -8, 255, 7, 9]", 0, "", "cross_entropy"), ("any", "{30: 3, -8: 1, 255: 0}", 3, "label 3 (by data.label_map) but the model has 3", "cross_entropy"),
                                          ("values", "[1, 2]", 2, "data.label_map: is for class indices, but ", "mse"),
                                          ("x", "[1, 2]", 2, "data.h5: x holds none", "mse"),
                                          ("any", "{30: 0, others: ignore}", 2, "multi_margin has no class that it ignores", "multi_margin"),
                                          ("any", "[1, 1]", 2, "1 stands for several classes", "cross_entropy"),
                                          ("any", "{30: 0, others: 1}", 2, "others: can only be ignore", "cross_entropy"),
                                          ("any", "{30: -2}", 2, "outside 0..", "cross_entropy"), ("any", "{x: 1}", 2, "data.label_map", "cross_entropy"),
                                          ("any", "[3000000000]", 2, "outside", "cross_entropy"), ("any", "3", 2, "expects {number", "cross_entropy"),
                                          ("any", "[30], label_offset: 1", 2, "leave out data.label_offset", "cross_entropy")):
            with self.subTest(y=y, text=text):
                result = harness.run(["train", self.config(y, text, loss, "label_map"), "-o", self.path(f"bad{text}".replace("/", ""))])
                self.assertEqual(result.returncode, code, result.stderr)
                self.assertIn(part, result.stderr)


if __name__ == "__main__":
    unittest.main()
