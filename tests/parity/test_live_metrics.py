"""Every metric of an evaluation against the installed scikit-learn: random networks on random data, whose outputs NumPy computes
from the checkpoint.

The network's float32 outputs are within 2e-6 of NumPy's. The test makes sure that no decision is closer than that, so that what
integers decide must agree to the rounding of the last division; other sums agree to the precision of their terms.
"""
import os
import sys
import unittest

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "e2e"), os.path.join(HERE, "..", "reference")]
import harness  # noqa: E402

try:
    import h5py
    import sklearn
    import sklearn_metrics
    MISSING = None
except ImportError as error:
    MISSING = f"{error.name} is not installed"

FLOAT32 = 2e-6
EXACT, SUMS = 1e-12, 1e-5

CONFIG = """
run: {{name: metrics, seed: {seed}}}
data: {{train: "{data}", val: "{data}", normalize: none, target_normalize: {targets}}}
model:
  layers:
    - linear: 24
    - relu
    - linear: {outputs}
loss: {{{loss}}}
train: {{epochs: 0, batch: 80, virtual_ranks: 5}}
metrics: {{top_k: 2, threshold: 0.4}}
"""

SAMPLES, FEATURES = 203, 6


@unittest.skipIf(MISSING, MISSING)
class LiveMetrics(harness.Case):
    def evaluate(self, labels, outputs, loss, seed, targets="none"):
        """The eval line of a run at 1, 2, 3 and 5 ranks, and what NumPy says the network gives."""
        features = np.random.default_rng(seed).standard_normal((SAMPLES, FEATURES)).astype(np.float32)
        with h5py.File(self.path("data.h5"), "w") as f:
            f["x"], f["y"] = features, labels
        config = self.write("config.yaml", CONFIG.format(seed=seed, data=self.path("data.h5"), outputs=outputs, loss=loss,
                                                          targets=targets))
        runs = [self.train(config, ranks) for ranks in (1, 2, 3, 5)]
        lines = [run.of_kind("eval")[-1] for run in runs]
        for line in lines[1:]:
            self.assertEqual(line, lines[0])
        self.compare_eval(runs[0].final, lines[0])
        weights = harness.tensors(runs[0].final)
        x = features.astype(np.float64)
        for name in sorted({tensor.split("/")[0] for tensor in weights}):
            x = x @ weights[f"{name}/weight"].astype(np.float64).T + weights[f"{name}/bias"]
            x = np.maximum(x, 0) if x.shape[1] != outputs else x
        return lines[0], x

    def compare_eval(self, checkpoint, line):
        process = harness.run(["eval", checkpoint, "--data", self.path("data.h5")], 2)
        self.assertEqual(process.returncode, 0, process.stderr)
        self.assertIn(f"{line['loss']:.6f}", process.stdout)

    def assert_apart(self, *distances):
        """No decision may hang on the rounding of float32; choose another seed if one does."""
        self.assertGreater(min(np.min(d) for d in distances), FLOAT32)

    def compare(self, line, want, loose=()):
        names = [name for name in line if name not in ("kind", "split", "epoch", "step", "count", "correct", "loss")]
        self.assertEqual(sorted(names), sorted(want))
        for name, value in want.items():
            bound = SUMS * max(1, abs(value)) if name in loose else EXACT
            if np.isnan(value):
                self.assertIsNone(line[name], name)
            else:
                self.assertLessEqual(abs(line[name] - value), bound, f"{name}: {line[name]} is not {value}")

    def test_classes(self):
        for outputs, seed, loss, ignore in [(7, 1, "name: cross_entropy", None), (2, 2, "name: cross_entropy", None),
                                            (4, 3, "name: cross_entropy, ignore_index: 1, label_smoothing: 0.1", 1),
                                            (5, 10, "name: multi_margin", None)]:
            with self.subTest(outputs=outputs, loss=loss):
                kind = "scores" if "margin" in loss else "logits"
                labels = np.random.default_rng(seed + 10).integers(0, outputs, SAMPLES)
                line, logits = self.evaluate(labels, outputs, loss, seed)
                places = np.sort(logits, 1)
                self.assert_apart(np.diff(places, axis=1))
                want = sklearn_metrics.of_classes(logits, labels, kind, top_k=2, ignore=ignore)
                if outputs == 2:
                    self.assert_apart(np.diff(np.sort(logits[:, 1] - logits[:, 0])))
                self.compare(line, want, {"log_loss"})
                self.assertEqual(line["count"], np.sum(labels != ignore))

    def test_labels(self):
        for outputs, seed, shape, loss in [(5, 4, (SAMPLES, 5), "bce_with_logits"), (1, 5, (SAMPLES, 1), "bce_with_logits"),
                                           (1, 6, (SAMPLES,), "bce_with_logits"), (3, 11, (SAMPLES, 3), "hinge")]:
            with self.subTest(shape=shape, loss=loss):
                labels = np.random.default_rng(seed + 10).integers(0, 2, (SAMPLES, outputs))
                line, logits = self.evaluate(labels.reshape(shape), outputs, f"name: {loss}", seed)
                self.assert_apart(abs(logits - (np.log(0.4 / 0.6) if loss != "hinge" else 0)), np.diff(np.sort(logits, 0), axis=0))
                want = sklearn_metrics.of_labels(logits, labels, "scores" if loss == "hinge" else "logits", 0.4)
                self.compare(line, want, {"log_loss"})

    def test_values(self):
        for outputs, seed, loss, normalize in [(3, 7, "mse", "none"), (1, 8, "huber", "none"), (2, 9, "mse", "standard"),
                                               (2, 12, "poisson_nll", "none")]:
            with self.subTest(outputs=outputs, loss=loss, normalize=normalize):
                values = np.random.default_rng(seed + 10).standard_normal((SAMPLES, outputs)).astype(np.float32)
                values = np.rint(np.exp(values)) if loss == "poisson_nll" else values
                if normalize == "standard":
                    values = np.float32([1000, 0.1]) * values + np.float32([5000, 7])
                line, predicted = self.evaluate(values, outputs, f"name: {loss}", seed, normalize)
                predicted = np.exp(predicted) if loss == "poisson_nll" else predicted
                if normalize == "standard":  # metrics are in the units of the file
                    predicted = predicted * values.std(0, dtype=np.float64) + values.mean(0, dtype=np.float64)
                want = sklearn_metrics.of_values(predicted, values)
                self.assertNotIn("accuracy", line)
                self.compare(line, want, set(want))


if __name__ == "__main__":
    unittest.main()
