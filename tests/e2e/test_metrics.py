"""What a run says about every kind of task: lines for people, journal, confusion matrix; and about samples that leave a metric
without a meaning. The figures themselves are compared in tests/parity/test_live_metrics.py."""
import math
import os
import re
import unittest

import h5py
import numpy as np

import harness

CONFIG = """
data: {{train: "{train}", val: "{val}"}}
model: {{layers: [{{linear: {outputs}}}]}}
loss: {{name: {loss}}}
train: {{epochs: 1, batch: 60, virtual_ranks: 3}}
checkpoint: {{best: {best}}}
metrics: {{top_k: 1, threshold: {threshold}}}
"""
SAMPLES = 120


class Metrics(harness.Case):
    def data(self, name, labels):
        with h5py.File(self.path(name), "w") as f:
            f["x"] = np.random.default_rng(1).standard_normal((SAMPLES, 4)).astype(np.float32)
            f["y"] = labels
        return self.path(name)

    def config(self, labels, loss, outputs, val=None, threshold=0.5, best="''"):
        train = self.data("train.h5", labels)
        val = train if val is None else self.data("val.h5", val)
        return self.write("config.yaml", CONFIG.format(train=train, val=val, loss=loss, outputs=outputs, threshold=threshold, best=best))

    def score(self, *arguments, ranks=2, **options):
        """The run, its last eval line, and what it prints at the end."""
        run = self.train(self.config(*arguments, **options), ranks)
        return run, run.of_kind("eval")[-1], re.search(r"final: val (.*)", run.process.stdout)[1]

    def draw(self, high, *shape):
        return np.random.default_rng(2).integers(0, high, (SAMPLES, *shape))

    def test_classes(self):
        run, line, said = self.score(self.draw(3), "cross_entropy", 3)
        self.assertEqual(line["accuracy"], line["correct"] / SAMPLES)
        self.assertEqual(line["top_k_accuracy"], line["accuracy"])  # k is 1
        self.assertEqual(said, f"accuracy {line['accuracy']:.4f} ({line['correct']} of {SAMPLES}), loss {line['loss']:.6f}")
        self.assertNotIn("roc_auc", line)  # of three classes there is none

    def test_binary(self):
        labels = self.draw(2)
        run, line, said = self.score(labels, "bce_with_logits", 1)
        self.assertIn(f"accuracy {line['accuracy']:.4f}", said)
        self.assertNotIn("f1_micro", line)
        with open(os.path.join(run.folder, "confusion.csv")) as f:
            head, off, on = (row.split(",") for row in f.read().split())
        self.assertEqual(head, ["true\\predicted", "0", "1"])
        self.assertEqual(int(off[1]) + int(off[2]), np.sum(labels == 0))
        self.assertEqual(int(off[1]) + int(on[2]), line["correct"])

    def test_threshold(self):
        labels = self.draw(2)
        for threshold, recall in (0, 1), (1, 0):
            line = self.score(labels, "bce_with_logits", 1, threshold=threshold)[1]
            self.assertEqual(line["recall"], recall)
            self.assertAlmostEqual(line["accuracy"], np.mean(labels == recall), 12)

    def test_labels(self):
        run, line, said = self.score(self.draw(2, 3), "bce_with_logits", 3)
        self.assertTrue(said.startswith(f"f1_micro {line['f1_micro']:.6g}, accuracy {line['accuracy']:.4f} ("), said)
        self.assertFalse(os.path.exists(os.path.join(run.folder, "confusion.csv")))

    def test_values(self):
        run, line, said = self.score(self.draw(100, 2).astype(np.float32), "mse", 2, best="val.rmse")
        self.assertEqual(said, f"rmse {line['rmse']:.6g}, loss {line['loss']:.6f}")
        self.assertEqual({"accuracy", "correct"} & set(line), set())
        self.assertEqual({"accuracy"} & set(run.done), set())
        self.assertNotIn("nan", run.process.stdout)
        self.assertTrue(os.path.exists(os.path.join(run.folder, "checkpoints", "best.h5")))

    def test_undefined(self):
        """No ROC without both kinds of samples, no R^2 of nothing to explain: null, where scikit-learn has NaN."""
        labels = self.draw(2)
        line = self.score(labels, "bce_with_logits", 1, val=np.ones(SAMPLES, int))[1]
        self.assertIsNone(line["roc_auc"])
        self.assertEqual(line["average_precision"], 1)
        both = np.stack([labels, np.ones(SAMPLES, int)], 1)
        line = self.score(both, "bce_with_logits", 2)[1]
        self.assertTrue(math.isfinite(line["roc_auc"]))  # of the label that has one
        line = self.score(self.draw(9, 1).astype(np.float32), "mse", 1, val=np.full((SAMPLES, 1), 0.1, np.float32))[1]
        self.assertEqual((line["r2"], line["explained_variance"]), (0, 0))

    def test_nothing_to_score(self):
        config = self.config(self.draw(3), "cross_entropy", 3, val=np.full(SAMPLES, -100))
        for ranks in 1, 3:
            process = harness.run(["train", config, "-o", self.path(f"ranks{ranks}")], ranks)
            self.assertEqual(process.returncode, 3, process.stderr)
            self.assertEqual(len(harness.error_lines(process.stderr)), 1, process.stderr)
            self.assertIn("every label is loss.ignore_index (-100)", process.stderr)


if __name__ == "__main__":
    unittest.main()
