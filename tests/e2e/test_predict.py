"""`predict` writes what NumPy computes from the checkpoint, the same bytes at any number of ranks; `eval` reports on just that, as
scikit-learn does, in text, JSON and CSV."""
import csv
import json
import os
import sys
import unittest

import h5py
import numpy as np

import harness

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "reference"))
try:
    import cases_report
    from sklearn import metrics
except ImportError:  # NumPy's figures are still compared
    cases_report = metrics = None

CONFIG = """
run: {{seed: 5}}
data: {{train: "{data}", val: "{data}", normalize: {normalize}, {more}}}
model:
  layers:
    - linear: 16
    - relu
    - linear: {outputs}
{last}
loss: {{{loss}}}
train: {{epochs: 2, batch: 60, virtual_ranks: 3}}
optim: {{name: sgd, lr: 0.02}}
metrics: {{threshold: 0.35}}
"""
SAMPLES, FEATURES = 147, 6

# float32 products of 6 and 16 terms of size 1 are within some ten roundings of 6e-8.
CLOSE = 2e-6


def softmax(x):
    e = np.exp(x - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class Predict(harness.Case):
    def setUp(self):
        super().setUp()
        self.random = np.random.default_rng(11)
        self.features = (3 * self.random.standard_normal((SAMPLES, FEATURES)) + 1).astype(np.float32)

    def data(self, labels, name="data.h5", names=None, where="y"):
        with h5py.File(self.path(name), "w") as f:
            f["x"] = self.features
            if labels is not None:
                f[where] = labels
            if names:
                f.attrs["class_names"] = names
        return self.path(name)

    def fit(self, labels, outputs, loss, last=None, normalize="none", names=None, more="x: x"):
        """A trained network; its outputs and what follows are checked by `predict`."""
        layer = f"    - {last}" if last else ""
        self.last, self.outputs = last, outputs
        data = self.data(labels, names=names)
        config = CONFIG.format(data=data, outputs=outputs, loss=loss, last=layer, normalize=normalize, more=more)
        self.checkpoint, self.labels = self.train(self.write("config.yaml", config), 2).final, data
        return self.checkpoint

    def recompute(self):
        """The outputs of the network, in double."""
        stored = harness.tensors(self.checkpoint, "normalize")
        groups = FEATURES // len(stored["mean"])
        x = (self.features - np.repeat(stored["mean"], groups)) / np.repeat(stored["std"], groups).astype(np.float64)
        weights = harness.tensors(self.checkpoint)
        linear = sorted({name.split("/")[0] for name in weights})
        for name in linear:
            x = x @ weights[f"{name}/weight"].astype(np.float64).T + weights[f"{name}/bias"]
            x = np.maximum(x, 0) if name != linear[-1] else x
        return {None: x, "sigmoid": sigmoid(x), "log_softmax": np.log(softmax(x)), "softmax": softmax(x)}[self.last]

    def call(self, *arguments, ranks=None, code=0):
        process = harness.run(arguments, ranks)
        self.assertEqual(process.returncode, code, process.stdout + process.stderr)
        if code:
            self.assertEqual(len(harness.error_lines(process.stderr)), 1, process.stderr)
        return process.stderr if code else process.stdout

    def predict(self, data=None):
        """The predictions, after the comparison of the files of 1, 2 and 3 ranks; logits are NumPy's."""
        data = data or self.labels
        files = []
        for ranks in (1, 2, 3):
            out = self.path(f"p{ranks}.h5")
            self.call("predict", self.checkpoint, "--data", data, "--out", out, "--force", ranks=ranks)
            with open(out, "rb") as f:
                files.append(f.read())
        self.assertTrue(files[0] == files[1] == files[2])
        found = harness.tensors(self.path("p1.h5"), "/")
        with h5py.File(self.path("p1.h5")) as f:
            self.attributes = dict(f.attrs)
        self.assertEqual(self.attributes["checkpoint"], self.checkpoint)
        self.assertEqual(self.attributes["data"], data)
        want = self.recompute()
        self.assertEqual(found["logits"].dtype, np.float32)
        self.assertEqual(found["logits"].shape, (SAMPLES, self.outputs))
        self.assertLess(np.abs(found["logits"] - want).max(), CLOSE * max(1, np.abs(want).max()))
        return found

    def evaluate(self, *flags):
        """What eval prints, and its JSON, which does not depend on the number of ranks."""
        found = []
        for ranks in (2, 3):
            path = self.path(f"report{ranks}.json")
            text = self.call("eval", self.checkpoint, "--data", self.labels, "--json", path, *flags, ranks=ranks)
            with open(path) as f:
                found.append((text, json.load(f)))
        self.assertEqual(*found)
        return found[0]

    def compare(self, found, kind, true, predicted, names=None):
        """Text and JSON of eval with the answers that predict gave."""
        text, report = self.evaluate("--confusion", self.path("c.csv")) if kind != "labels" else self.evaluate()
        self.assertEqual(report["correct"], int(found["correct"].sum()))
        self.assertIn(f"({report['correct']} of {SAMPLES})", text)
        self.assertEqual((report["checkpoint"], report["data"]), (self.checkpoint, self.labels))
        if kind != "labels":
            size = len(report["confusion"])
            table = np.zeros((size, size), int)
            np.add.at(table, (true, predicted), 1)
            self.assertEqual(report["confusion"], table.tolist())
            with open(self.path("c.csv"), newline="") as f:
                rows = list(csv.reader(f))
            self.assertEqual([list(map(int, row[1:])) for row in rows[1:]], table.tolist())
            self.assertEqual(rows[0][1:], names or [str(k) for k in range(size)])
        if not metrics:
            return report
        self.assertIn("\n\n" + cases_report.report_of(kind, true, predicted, names, 9) + "\n", self.evaluate("--digits", "9")[0])
        self.assertIn("precision    recall  f1-score   support\n", text)
        present = names and [names[k] for k in (range(len(names)) if kind == "labels" else np.union1d(true, predicted))]
        wanted = cases_report.sklearn_metrics.quiet(metrics.classification_report)(true, predicted, target_names=present,
                                                                                   output_dict=True, zero_division=0)
        self.assert_same(report["classification_report"], wanted)
        return report

    def assert_same(self, got, want):
        self.assertEqual(set(got), set(want))
        for key, value in want.items():
            if isinstance(value, dict):
                self.assert_same(got[key], value)
            else:
                self.assertLess(abs(got[key] - value), 1e-12, key)  # quotients of integers, and means of some

    def classes(self, found, labels, names=None):
        np.testing.assert_array_equal(found["predicted"], found["logits"].argmax(1))
        self.assertEqual((found["predicted"].dtype, found["correct"].dtype), (np.int64, np.uint8))
        np.testing.assert_array_equal(found["correct"], found["predicted"] == labels)
        self.assertEqual(self.attributes["task"], "classes")
        return self.compare(found, "classes", labels, found["predicted"], names)

    def test_classes(self):
        labels, names = self.random.integers(0, 4, SAMPLES), ["cat", "dog, large", "Käfer", "none"]
        self.fit(labels, 4, "name: cross_entropy", normalize="auto", names=names)
        found = self.predict()
        np.testing.assert_allclose(found["probabilities"], softmax(found["logits"].astype(np.float64)), rtol=1e-6)
        np.testing.assert_array_equal(found["labels"], labels)
        self.assertEqual(list(self.attributes["class_names"]), names)
        self.assertNotIn("threshold", self.attributes)
        report = self.classes(found, labels, names)
        self.assertEqual([row["name"] for row in report["classes"]], names)
        self.assertEqual([row["support"] for row in report["classes"]], np.bincount(labels).tolist())
        last = os.path.join(os.path.dirname(os.path.dirname(self.checkpoint)), "report.json")
        with open(last) as f:  # of the run's last evaluation, which was of the same data
            run = json.load(f)
        self.assertEqual(run["metrics"], report["metrics"])
        self.assertEqual(run["confusion"], report["confusion"])
        self.assertIsNone(run["checkpoint"])

    def test_ignored_classes_are_not_correct(self):
        labels = self.random.integers(0, 3, SAMPLES)
        self.fit(labels, 3, "name: cross_entropy, ignore_index: 1")
        found = self.predict()
        np.testing.assert_array_equal(found["correct"], (found["predicted"] == labels) & (labels != 1))
        self.assertEqual(self.evaluate()[1]["correct"], int(found["correct"].sum()))

    def test_log_probabilities_onehot_and_scores(self):
        labels = self.random.integers(0, 3, SAMPLES)
        self.fit(labels, 3, "name: nll", last="log_softmax")
        found = self.predict()
        np.testing.assert_allclose(found["probabilities"], np.exp(found["logits"].astype(np.float64)), rtol=1e-6)
        self.classes(found, labels)
        onehot = np.eye(3, dtype=np.float32)[labels]
        self.fit(onehot, 3, "name: cross_entropy")
        found = self.predict()
        np.testing.assert_array_equal(found["labels"], onehot)
        self.classes(found, labels)
        self.fit(labels, 3, "name: multi_margin")
        found = self.predict()
        self.assertNotIn("probabilities", found)
        self.classes(found, labels)

    def labels_on(self, found, given, on):
        np.testing.assert_array_equal(found["predicted"], on)
        np.testing.assert_array_equal(found["labels"], given)
        self.assertEqual((found["predicted"].dtype, found["labels"].dtype), (np.uint8, np.uint8))
        np.testing.assert_array_equal(found["correct"], (on == given.reshape(on.shape)).all(1))
        self.assertEqual(self.attributes["task"], "labels")

    def test_labels(self):
        given = (self.random.random((SAMPLES, 5)) < 0.4).astype(np.uint8)
        names = ["red", "green", "blue", "a rather long name", "éé"]
        self.fit(given, 5, "name: bce_with_logits", names=names)
        found = self.predict()
        chances = sigmoid(found["logits"].astype(np.float64))
        np.testing.assert_allclose(found["probabilities"], chances, rtol=1e-6)
        self.assertEqual(self.attributes["threshold"], 0.35)
        self.assertGreater(np.abs(chances - 0.35).min(), 1e-6)  # no decision hangs on rounding
        self.labels_on(found, given, chances > 0.35)
        report = self.compare(found, "labels", given, found["predicted"], names)
        self.assertEqual([row["true_positive"] for row in report["labels"]], (given & found["predicted"]).sum(0).tolist())
        self.call("eval", self.checkpoint, "--data", self.labels, "--confusion", self.path("no.csv"), code=2)

    def test_one_label(self):
        given = (self.random.random(SAMPLES) < 0.4).astype(np.int32)
        self.fit(given, 1, "name: bce", last="sigmoid", names=["benign", "malignant"])
        found = self.predict()
        np.testing.assert_array_equal(found["probabilities"], found["logits"])
        self.labels_on(found, given, found["logits"] > np.float32(0.35))
        self.compare(found, "binary", given, found["predicted"][:, 0], ["benign", "malignant"])

    def test_label_scores(self):
        given = np.where(self.random.random((SAMPLES, 2)) < 0.4, 1, -1)
        self.fit(given, 2, "name: hinge")
        found = self.predict()
        self.assertNotIn("probabilities", found)
        self.labels_on(found, (given > 0).astype(np.uint8), found["logits"] > 0)
        self.compare(found, "labels", (given > 0).astype(int), found["predicted"])

    def values(self, found, given):
        """The table of targets: every figure that is printed and written."""
        np.testing.assert_array_equal(found["labels"], given)
        self.assertNotIn("correct", found)
        self.assertNotIn("probabilities", found)
        self.assertEqual(self.attributes["task"], "values")
        text, report = self.evaluate("--digits", "5")
        true, guess = given.reshape(SAMPLES, -1).astype(np.float64), found["predicted"].astype(np.float64)
        error, spread = guess - true, true - true.mean(0)
        want = {"mse": (error ** 2).mean(0), "rmse": np.sqrt((error ** 2).mean(0)), "mae": np.abs(error).mean(0),
                "r2": 1 - (error ** 2).sum(0) / (spread ** 2).sum(0), "max_error": np.abs(error).max(0),
                "explained_variance": 1 - error.var(0) / true.var(0)}
        for name, values in want.items():
            for row, value in zip(report["targets"], values):
                # predictions in original units are rounded to float32 once more than those that eval compares
                self.assertLess(abs(row[name] - value), 1e-5 * max(1, abs(value)), name)
        lines = [line.split() for line in text.splitlines() if line]
        head = lines.index(list(want))
        for k, row in enumerate(report["targets"]):
            self.assertEqual(lines[head + 1 + k][-6:], [f"{row[name]:.5g}" for name in want])
        if len(report["targets"]) > 1:
            self.assertEqual(lines[head + 1 + k + 1], ["all"] + [f"{report['metrics'][name]:.5g}" for name in want])
        return lines[head + 1:]

    def test_values(self):
        given = (self.features[:, :2] @ [[1, 2], [3, -1]] + 1000 + self.random.standard_normal((SAMPLES, 2))).astype(np.float32)
        self.fit(given, 2, "name: mse", more="target_normalize: standard", normalize="standard", names=["heating load", "cooling"])
        found = self.predict()
        stored = harness.tensors(self.checkpoint, "targets")
        self.assertGreater(stored["mean"].min(), 500)
        np.testing.assert_allclose(found["predicted"], found["logits"] * stored["std"].astype(np.float64) + stored["mean"], rtol=1e-7)
        lines = self.values(found, given)
        self.assertEqual(lines[0][:2], ["heating", "load"])

    def test_counts(self):
        given = self.random.poisson(2, SAMPLES).astype(np.float32)
        self.fit(given, 1, "name: poisson_nll")
        found = self.predict()
        np.testing.assert_allclose(found["predicted"], np.exp(found["logits"].astype(np.float64)), rtol=1e-7)
        self.values(found, given)

    def test_data_without_labels(self):
        labels = self.random.integers(0, 3, SAMPLES)
        self.fit(labels, 3, "name: cross_entropy")
        full = self.predict()
        bare = self.predict(self.data(None, "bare.h5"))
        self.assertEqual(set(full) - set(bare), {"labels", "correct"})
        for name, values in bare.items():
            np.testing.assert_array_equal(values, full[name])
        part = self.path("part.h5")
        self.call("predict", self.checkpoint, "--data", self.path("bare.h5") + "[7::10]", "--out", part)
        np.testing.assert_array_equal(harness.tensors(part, "/")["predicted"], full["predicted"][7::10])
        error = self.call("eval", self.checkpoint, "--data", self.path("bare.h5"), code=3)
        self.assertIn("no labels", error)

    def test_many_rounds(self):
        """More outputs than the ranks keep before they are written."""
        config = CONFIG.format(data="synthetic:1x2x3:40:600", outputs=40, loss="name: cross_entropy", last="", normalize="auto", more="x: x")
        final = self.train(self.write("config.yaml", config), 1).final
        files = []
        for ranks in (1, 2, 3):
            out = self.path(f"m{ranks}.h5")
            said = self.call("predict", final, "--data", "synthetic:1x2x3:40:30011", "--out", out, ranks=ranks)
            with open(out, "rb") as f:
                files.append(f.read())
        self.assertTrue(files[0] == files[1] == files[2])
        right = int(harness.tensors(self.path("m1.h5"), "/")["correct"].sum())
        self.assertIn(f"30011 samples, 40 outputs, {right} correct", said)
        self.assertIn(f"({right} of 30011)", self.call("eval", final, "--data", "synthetic:1x2x3:40:30011", ranks=3))

    def test_wrong_use(self):
        labels = self.random.integers(0, 3, SAMPLES)
        self.fit(labels, 3, "name: cross_entropy")
        out = self.path("out.h5")
        base = ["predict", self.checkpoint, "--data", self.labels]
        self.assertIn("--out", self.call(*base, ranks=2, code=2))
        self.assertIn("--data", self.call("predict", self.checkpoint, "--out", out, code=2))
        self.assertIn("cannot be created", self.call(*base, "--out", self.path("no/out.h5"), ranks=3, code=1))
        self.assertIn("does not take --json", self.call(*base, "--out", out, "--json", "a", code=2))
        wide = self.data(np.where(labels == 2, 3, labels), "wide.h5")
        self.assertIn("the model has 3 outputs", self.call("eval", self.checkpoint, "--data", wide, ranks=3, code=3))
        self.features = self.features[:, :4]
        self.data(labels, "narrow.h5")
        self.assertIn("the model takes 6", self.call("predict", self.checkpoint, "--data", self.path("narrow.h5"), "--out", out, code=3))
        self.assertFalse([f for f in os.listdir(self.folder) if f.startswith("out.h5")])
        self.call(*base, "--out", out)
        self.assertIn("--force", self.call(*base, "--out", out, ranks=2, code=2))
        self.call(*base, "--out", out, "--force")
        for digits in ("-1", "16", "x", "1.5"):
            self.assertIn("--digits", self.call("eval", *base[1:], "--digits", digits, ranks=2, code=2))
        self.assertIn("cannot be written", self.call("eval", *base[1:], "--json", self.path("no/r.json"), ranks=2, code=1))


if __name__ == "__main__":
    unittest.main()
