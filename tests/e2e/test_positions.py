"""Labels with positions: every way to store them, the same bits at any number of ranks, `eval` against scikit-learn, the axes that
`predict` writes, autoencoders, and what is refused."""
import json
import os
import unittest

import h5py
import numpy as np

import harness

try:
    from sklearn import metrics
except ImportError:
    metrics = None

CONFIG = """
run: {{seed: 5}}
data: {{train: "{data}[:57]", val: "{data}[57:]", {more}}}
model:
  layers:
{layers}
loss: {loss}
train: {{epochs: 2, batch: 20, virtual_ranks: {ranks}}}
optim: {{name: sgd, lr: 0.1}}
"""
SAMPLES, HEIGHT, WIDTH = 80, 7, 5


def convolutions(outputs):
    return f"    - conv2d: {{out: 4, kernel: 3, padding: 1}}\n    - relu\n    - conv2d: {{out: {outputs}, kernel: 1}}"


class Positions(harness.Case):
    def setUp(self):
        super().setUp()
        random = np.random.default_rng(2)
        x = random.standard_normal((SAMPLES, 3, HEIGHT, WIDTH)).astype(np.float32)
        scores = x + np.roll(x, 1, 2)
        self.classes = scores.argmax(1)
        onehot = np.eye(3, dtype=np.float32)[self.classes]
        self.masks = (scores > 0).astype(np.uint8)
        ignored = np.where(random.random(self.classes.shape) < 0.3, 255, self.classes)
        self.values = np.tanh(scores)[:, :2]
        with h5py.File(self.path("data.h5"), "w") as f:
            f["x"], f["u8"], f["float"], f["axis"] = x, self.classes.astype(np.uint8), self.classes.astype(np.float64), self.classes[:, None]
            f["onehot"], f["last"], f["integers"] = onehot.transpose(0, 3, 1, 2), onehot, onehot.transpose(0, 3, 1, 2).astype(int)
            f["last"].attrs["layout"] = "NHWC"
            f["masks"], f["mask"], f["flat_mask"] = self.masks, self.masks[:, :1].astype(np.float32), self.masks[:, 0]
            f["ignored"], f["values"], f["value"] = ignored, self.values, self.values[:, 0]
            f["probs"] = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
            f["weights"], f["sample_weights"] = random.random(self.classes.shape), random.random(SAMPLES)
            f["ones"] = np.ones(self.classes.shape, np.float32)
            f["short"], f["half"], f["wide"] = self.classes[:, :4], self.classes + 0.5, np.zeros((SAMPLES, 2, 2, HEIGHT, WIDTH))
            f["class_names"] = ["sea", "land", "ice"]
        self.runs = 0

    def fit(self, y, outputs=3, loss="{name: cross_entropy}", ranks=2, more="", flags=(), layers=None, virtual=5):
        config = self.write("run.yaml", CONFIG.format(data=self.path("data.h5"), more=f"y: {y}" + more, loss=loss, ranks=virtual,
                                                      layers=layers or convolutions(outputs)))
        self.runs += 1
        self.last = self.path(f"run{self.runs}")
        return harness.run(["train", config, "-o", self.last, *flags], ranks=ranks)

    def hash(self, *arguments, **options):
        result = self.fit(*arguments, **options)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        text = result.stdout + result.stderr
        return text[text.index("weights hash "):].split()[2]

    def final(self):
        return os.path.join(self.last, "checkpoints", "final.h5")

    def tool(self, *arguments, ranks=None):
        result = harness.run(arguments, ranks=ranks)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    # ---- training ----

    def test_encodings(self):
        """The same classes however they are stored."""
        hashes = {y: self.hash(y) for y in ("u8", "float", "axis", "onehot", "last", "integers")}
        self.assertEqual(len(set(hashes.values())), 1, hashes)
        single = {y: self.hash(y, 1, "{name: bce_with_logits}") for y in ("mask", "flat_mask")}
        self.assertEqual(len(set(single.values())), 1, single)

    def test_same_bits(self):
        for y, outputs, loss, more in [("ignored", 3, "{name: cross_entropy, ignore_index: 255, weight: [1, 2, 0.5]}", ", weights: weights"),
                                       ("masks", 3, "{name: focal}", ", weights: sample_weights"),
                                       ("values", 2, "{name: huber}", ", target_normalize: standard"), ("probs", 3, "{name: cross_entropy}", ""),
                                       ("ignored", 3, "{name: dice, ignore_index: 255}", ", weights: weights"),
                                       ("mask", 1, "[{name: bce_with_logits, weight: 0.5}, {name: dice, weight: 0.5}]", "")]:
            with self.subTest(y):
                hashes = {self.hash(y, outputs, loss, ranks=p, more=more) for p in (1, 2, 3, 5)}
                self.assertEqual(len(hashes), 1)

    def test_weights(self):
        """Weights of 1 change rounding only where they are multiplied in: not at all."""
        self.assertEqual(self.hash("value", 1, "{name: mse}", more=", weights: ones"), self.hash("value", 1, "{name: mse}"))
        self.assertNotEqual(self.hash("u8", more=", weights: weights"), self.hash("u8", more=", weights: sample_weights"))

    def test_loss_of_the_whole_set(self):
        """Dice in an evaluation is that of all positions together."""
        self.hash("mask", 1, "{name: dice}")
        for ranks in 1, 3:
            self.tool("eval", self.final(), "--data", self.path("data.h5"), "--json", self.path("e.json"), ranks=ranks)
            with open(self.path("e.json")) as f:
                found = json.load(f)["loss"]
        self.tool("predict", self.final(), "--data", self.path("data.h5"), "--out", self.path("p.h5"))
        with h5py.File(self.path("p.h5")) as f:
            p, t = 1 / (1 + np.exp(-f["logits"][:].astype(np.float64))), f["labels"][:].astype(np.float64)
        self.assertAlmostEqual(found, 1 - 2 * (p * t).sum() / ((p * p).sum() + (t * t).sum()), delta=1e-6)

    def test_autoencoder(self):
        """The target is the normalised input: with the identity as the network the loss is 0."""
        result = self.fit("x", 3, "{name: mse}", layers="    - identity\n    - conv2d: {out: 3, kernel: 1}")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("labels   the features: target", result.stdout)
        flat = self.fit("x", loss="{name: mse}", layers=f"    - flatten\n    - linear: {3 * HEIGHT * WIDTH}")
        self.assertEqual(flat.returncode, 0, flat.stderr)
        other = self.fit("x", loss="{name: mse}", layers="    - flatten\n    - linear: 9")
        self.assertEqual(other.returncode, 3)
        self.assertIn("names the features", other.stderr)
        self.assertEqual(self.fit("x").returncode, 2)
        scaled = self.fit("x", 3, "{name: bce_with_logits}")
        self.assertEqual(scaled.returncode, 2)
        self.assertIn("data.normalize: the targets are the features", scaled.stderr)
        outside = self.fit("x", 3, "{name: bce_with_logits}", more=", normalize: none")
        self.assertEqual(outside.returncode, 3)
        self.assertIn("expects targets from 0 to 1", outside.stderr)

    # ---- results ----

    @unittest.skipIf(metrics is None, "scikit-learn cannot be imported")
    def test_eval(self):
        data = self.path("data.h5") + "[57:]"
        self.hash("u8")
        outputs = [self.tool("eval", self.final(), "--data", data, "--json", self.path("e.json"), ranks=p) for p in (1, 3)]
        self.assertEqual(outputs[0], outputs[1])
        with open(self.path("e.json")) as f:
            found = json.load(f)
        self.tool("predict", self.final(), "--data", data, "--out", self.path("p.h5"))
        with h5py.File(self.path("p.h5")) as f:
            predicted, labels = f["predicted"][:].ravel(), f["labels"][:].ravel()
        self.assertEqual(found["confusion"], metrics.confusion_matrix(labels, predicted).tolist())
        for name, function in ("iou", metrics.jaccard_score), ("dice", metrics.f1_score), ("recall", metrics.recall_score):
            each = function(labels, predicted, average=None)
            np.testing.assert_allclose([row[name] for row in found["classes"]], each, rtol=1e-12)
        self.assertAlmostEqual(found["metrics"]["iou"], metrics.jaccard_score(labels, predicted, average="macro"), delta=1e-12)
        self.assertAlmostEqual(found["metrics"]["accuracy"], (labels == predicted).mean(), delta=1e-12)
        self.assertEqual(found["count"], 23 * HEIGHT * WIDTH)
        self.assertIn(f"land  {found['classes'][1]['iou']:9.4f} {found['classes'][1]['dice']:9.4f}", outputs[0])

    @unittest.skipIf(metrics is None, "scikit-learn cannot be imported")
    def test_eval_of_masks_and_values(self):
        data = self.path("data.h5")
        for y, outputs, loss in ("mask", 1, "{name: bce_with_logits}"), ("masks", 3, "{name: bce_with_logits}"):
            with self.subTest(y):
                self.hash(y, outputs, loss)
                self.tool("eval", self.final(), "--data", data, "--json", self.path("e.json"), ranks=2)
                self.tool("predict", self.final(), "--data", data, "--out", self.path(f"{y}.h5"))
                with open(self.path("e.json")) as f, h5py.File(self.path(f"{y}.h5")) as p:
                    found, on, logits = json.load(f), p["predicted"][:], p["logits"][:]
                    self.assertEqual(on.shape, (SAMPLES, outputs, HEIGHT, WIDTH))
                for k in range(outputs):
                    truth, mine = self.masks[:, k].ravel(), on[:, k].ravel()
                    row = found["labels"][k]
                    self.assertAlmostEqual(row["iou"], metrics.jaccard_score(truth, mine), delta=1e-12)
                    self.assertAlmostEqual(row["roc_auc"], metrics.roc_auc_score(truth, logits[:, k].ravel()), delta=1e-12)
        self.hash("values", 2, "{name: mse}", more=", target_normalize: standard")
        self.tool("eval", self.final(), "--data", data, "--json", self.path("e.json"), ranks=3)
        self.tool("predict", self.final(), "--data", data, "--out", self.path("p.h5"))
        with open(self.path("e.json")) as f, h5py.File(self.path("p.h5")) as p:
            found, predicted = json.load(f), p["predicted"][:].astype(np.float64)
        for k in range(2):
            error = predicted[:, k] - self.values[:, k].astype(np.float32)
            self.assertAlmostEqual(found["targets"][k]["mse"], (error**2).mean(), delta=1e-6 * (error**2).mean())
            self.assertAlmostEqual(found["targets"][k]["r2"], metrics.r2_score(self.values[:, k].ravel(), predicted[:, k].ravel()), delta=1e-5)

    def test_predict(self):
        data = self.path("data.h5")
        self.hash("u8")
        files = [self.path(f"p{p}.h5") for p in (1, 3)]
        for path, ranks in zip(files, (1, 3)):
            self.tool("predict", self.final(), "--data", data, "--out", path, ranks=ranks)
        with open(files[0], "rb") as a, open(files[1], "rb") as b:
            self.assertEqual(a.read(), b.read())
        with h5py.File(files[0]) as f:
            logits, labels = f["logits"][:], f["labels"][:]
            self.assertEqual(logits.shape, (SAMPLES, 3, HEIGHT, WIDTH))
            np.testing.assert_array_equal(f["predicted"][:], logits.argmax(1))
            np.testing.assert_array_equal(labels, self.classes)
            np.testing.assert_array_equal(f["correct"][:], logits.argmax(1) == labels)
            e = np.exp(logits - logits.max(1, keepdims=True).astype(np.float64))
            np.testing.assert_allclose(f["probabilities"][:], e / e.sum(1, keepdims=True), rtol=1e-6)
        with h5py.File(self.path("data.h5"), "a") as f:
            del f["u8"]
        self.tool("predict", self.final(), "--data", data, "--out", self.path("none.h5"))
        with h5py.File(self.path("none.h5")) as f:
            np.testing.assert_array_equal(f["logits"][:], logits)
            self.assertNotIn("labels", f)

    def test_inspect(self):
        with h5py.File(self.path("masks.h5"), "w") as f:
            f["x"], f["y"] = np.zeros((SAMPLES, 1, HEIGHT, WIDTH), np.uint8), self.classes
            f["weights"] = np.full((SAMPLES, HEIGHT, WIDTH), 0.5)
        text = self.tool("inspect", self.path("masks.h5"))
        self.assertIn("classes 3 (without names), one at each position of int64 (N,7,5)", text)
        for k in range(3):
            self.assertIn(f"{(self.classes == k).sum():10d}  {100 * (self.classes == k).mean():6.2f} %", text)
        self.assertIn("weights  mean 0.5, min 0.5, max 0.5, 0 of 0", text)

    # ---- what is refused ----

    def test_refusals(self):
        cases = [("short", {}, "labels are int64 (N,4,5), but the model's outputs are 3 x 7 x 5; store labels (N,7,5) or (N,3,7,5)"),
                 ("half", {}, "sample 0 has label"), ("values", dict(loss="{name: mse}"), "for 2 outputs, but the model has 3"),
                 ("u8", dict(outputs=2), "has label 2 but the model has 2 outputs"),
                 ("u8", dict(layers="    - flatten\n    - linear: 3"), "but the model's outputs are 3; store labels (N,) or (N,3)"),
                 ("u8", dict(more=", weights: values"), "expected one weight a sample, (N,), or one for each position"),
                 ("onehot", dict(more=", weights: masks"), "data.weights has 105 numbers a sample"), ("wide", {}, "(N,2,2,7,5)")]
        for y, options, part in cases:
            with self.subTest(y):
                result = self.fit(y, **options)
                self.assertEqual(result.returncode, 3, result.stderr)
                self.assertIn(part, result.stderr)
                self.assertEqual(len(harness.error_lines(result.stderr)), 1, result.stderr)


if __name__ == "__main__":
    unittest.main()
