"""Values that are packed or missing, as NetCDF's conventions say: unpacked as numpy does; an error, a mean, 0, or left out."""
# processors: 2
import os
import sys
import unittest

import h5py
import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import harness  # noqa: E402

CONFIG = """\
data: {{train: {train}{more}}}
model: {{layers: [flatten, {{linear: {outputs}}}]}}
loss: {{name: {loss}}}
train: {{epochs: 2, batch: 20, virtual_ranks: 5}}
"""
SAMPLES = 1103  # three blocks of samples, the last one short


class Missing(harness.Case):
    def setUp(self):
        super().setUp()
        self.rng = np.random.default_rng(7)
        self.y = self.rng.integers(0, 3, SAMPLES)

    def put(self, name, attributes=None, **sets):
        """A file; attributes: {data set: {name: value}}."""
        with h5py.File(self.path(name), "w") as f:
            for key, values in sets.items():
                f[key] = values
                for attribute, value in (attributes or {}).get(key, {}).items():
                    f[key].attrs[attribute] = value
        return self.path(name)

    def config(self, train, more="", loss="cross_entropy", outputs=3):
        return self.write("c.yaml", CONFIG.format(train=train, more=more, loss=loss, outputs=outputs))

    def run_of(self, train, more="", loss="cross_entropy", outputs=3, ranks=None, flags=()):
        return self.train(self.config(train, more, loss, outputs), ranks, flags)

    def alike(self, first, second, more="", **options):
        a, b = (self.run_of(train, more, **options).done["weights_hash"] for train in (first, second))
        self.assertEqual(a, b)

    def fails(self, train, *parts, more="", loss="cross_entropy", outputs=3, code=3):
        process = harness.run(["train", self.config(train, more, loss, outputs), "-o", self.path("no")])
        lines = harness.error_lines(process.stderr)
        self.assertEqual((process.returncode, len(lines)), (code, 1), process.stdout + process.stderr)
        for part in parts:
            self.assertIn(part, lines[0])

    def tool(self, *arguments, code=0):
        process = harness.run(list(arguments))
        self.assertEqual(process.returncode, code, process.stdout + process.stderr)
        return process.stdout + process.stderr

    def holes(self, share=0.05, shape=(SAMPLES, 3, 4)):
        """Floats of which some are missing, and which."""
        x = self.rng.normal(3, 2, size=shape).astype("f4")
        x[:, 1] = np.abs(x[:, 1]) * 100
        return x, self.rng.random(shape) < share

    def test_unpacked(self):
        """As numpy computes it, in the type of the attributes."""
        x = self.rng.integers(-3000, 3000, (SAMPLES, 6))
        single, double = ({"scale_factor": f(0.037), "add_offset": f(2.7)} for f in (np.float32, np.float64))
        cases = {"double": ("i2", double, (x * 0.037 + 2.7).astype("f4")),
                 "single": ("i2", single, (x.astype("f4") * np.float32(0.037)) + np.float32(2.7)),
                 "mixed": ("i4", {**double, "scale_factor": np.float32(0.037)}, (x * np.float64(np.float32(0.037)) + 2.7).astype("f4")),
                 "scale": ("f8", {"scale_factor": np.array([0.037])}, (x * 0.037).astype("f4")),
                 "offset": ("f4", {"add_offset": np.float32(2.7)}, x.astype("f4") + np.float32(2.7)),
                 "bytes": ("u1", double, ((x % 256) * 0.037 + 2.7).astype("f4")),
                 "unsigned": ("i1", {"_Unsigned": "true"}, (x % 256).astype("f4")),
                 "signed": ("u2", {"_Unsigned": "false"}, x.astype("f4")),
                 "unsigned and packed": ("i2", {**double, "_Unsigned": np.bytes_("true")}, ((x % 65536) * 0.037 + 2.7).astype("f4"))}
        for name, (kind, attributes, expected) in cases.items():
            with self.subTest(name):
                stored = x.astype("i8").astype(kind) if kind[0] != "u" else (x % (1 << 8 * int(kind[1]))).astype(kind)
                fill = {"_FillValue": np.array([-32767], "i2")} if kind == "i2" else {}
                packed = self.put("packed.h5", {"x": {**attributes, **fill}}, x=stored, y=self.y)
                self.alike(packed, self.put("plain.h5", x=expected, y=self.y))

    def test_unpacked_targets_and_weights(self):
        x = self.rng.normal(size=(SAMPLES, 5)).astype("f4")
        y, w = self.rng.integers(-100, 100, (SAMPLES, 2)), self.rng.integers(0, 50, SAMPLES)
        packed = self.put("packed.h5", {"y": {"scale_factor": 0.01, "add_offset": -0.3}, "w": {"scale_factor": 0.1}},
                          x=x, y=y.astype("i2"), w=w.astype("u1"))
        plain = self.put("plain.h5", x=x, y=(y * 0.01 - 0.3).astype("f4"), w=(w * 0.1).astype("f4"))
        self.alike(packed, plain, ", weights: w", loss="mse", outputs=2)
        signed = self.put("signed.h5", {"y": {"_Unsigned": "true"}}, x=x, y=(self.y + 126).astype("u1").view("i1"))
        plain = self.put("plain.h5", x=x, y=self.y + 126)
        self.alike(signed, plain, outputs=129)

    def test_errors_name_them(self):
        x = self.rng.integers(0, 100, (SAMPLES, 4)).astype("i2")
        x[700, 2] = -32767
        fill = {"x": {"_FillValue": np.int16(-32767), "scale_factor": 0.5}}
        self.fails(self.put("a.h5", fill, x=x, y=self.y), "a.h5: x: sample 700 holds its fill value -32767 (feature 2)", "data.missing")
        self.fails(self.put("a.h5", {"x": {"missing_value": np.array([-1, -32767.0])}}, x=x, y=self.y), "sample 700", "-32767")
        bytes_ = (x % 100).astype("u1")
        bytes_[600, 1] = 255
        self.fails(self.put("a.h5", {"x": {"_FillValue": np.uint8(255)}}, x=bytes_, y=self.y), "sample 600", "fill value 255 (feature 1)")
        y = np.where(np.arange(SAMPLES) == 44, -9, self.y)
        x[700, 2] = 0
        labels = self.put("a.h5", {"y": {"_FillValue": -9}}, x=x, y=y)
        self.fails(labels, "a.h5: y: sample 44 has no label, but the fill value -9", "drop_sample")
        self.fails(labels, "sample 44", more=", missing: mean")
        self.fails(labels, "sample 44", "fill value -9", more=", missing: zero", loss="mse", outputs=1)
        floats = self.put("a.h5", {"y": {"_FillValue": np.float32(-9)}}, x=x, y=y.astype("f4"))
        self.fails(floats, "sample 44", "fill value -9")
        for attribute, value in (("scale_factor", "much"), ("scale_factor", 0.0), ("add_offset", [1.0, 2.0]), ("add_offset", np.inf),
                                 ("_Unsigned", "perhaps"), ("missing_value", np.arange(40))):
            self.fails(self.put("a.h5", {"x": {attribute: value}}, x=x, y=self.y), "a.h5: x: ")

    def test_fill_value_that_the_loss_ignores(self):
        """It is no missing label; and HDF5's own fill value is a number like any other."""
        x = self.rng.normal(size=(SAMPLES, 5)).astype("f4")
        y = np.where(self.y == 2, -100, self.y)
        self.alike(self.put("a.h5", {"y": {"_FillValue": -100}}, x=x, y=y), self.put("b.h5", x=x, y=y))
        self.alike(self.put("a.h5", {"y": {"_FillValue": -100.0}}, x=x, y=y.astype("f8")), self.put("b.h5", x=x, y=y))
        with h5py.File(self.path("never.h5"), "w") as f:
            f["y"] = self.y
            f.create_dataset("x", (SAMPLES, 5), "f4", chunks=(100, 5), fillvalue=2.5)[:500] = x[:500]
        x[500:] = 2.5
        self.alike(self.path("never.h5"), self.put("b.h5", x=x, y=self.y))

    def test_mean_and_zero(self):
        """Before all else: the same bits as a file in which numpy has put them."""
        x, gone = self.holes()
        means = np.array([x[:, c][~gone[:, c]].astype("f8").mean() for c in range(3)]).astype("f4")
        filled = {"mean": np.where(gone, means[:, None], x), "zero": np.where(gone, np.float32(0), x)}
        nan = self.put("nan.h5", x=np.where(gone, np.float32(np.nan), x), y=self.y)
        fill = self.put("fill.h5", {"x": {"_FillValue": np.float32(9.96921e36)}}, x=np.where(gone, np.float32(9.96921e36), x), y=self.y)
        for way in ("mean", "zero"):
            plain = self.put("plain.h5", x=filled[way], y=self.y)
            for more in (", layout: NCL, normalize: none", ", layout: NCL, transforms: [log1p, standard, {clip: {min: -2, max: 2}}]"):
                with self.subTest(way=way, more=more):
                    expected = self.run_of(plain, more).done["weights_hash"]
                    for file in (nan, fill):
                        self.assertEqual(self.run_of(file, f"{more}, missing: {way}").done["weights_hash"], expected)
            one, two = self.run_of(nan, f", layout: NCL, missing: {way}"), self.run_of(plain, ", layout: NCL")
            a, b = (harness.tensors(r.final, "normalize") for r in (one, two))
            self.assertEqual(a["mean"].tobytes(), b["mean"].tobytes())
            self.assertEqual(a["std"].tobytes(), b["std"].tobytes())
            np.testing.assert_array_equal(a["missing"], means if way == "mean" else 0 * means)
            losses = [r.of_kind("epoch")[-1]["loss"] for r in (one, two)]
            self.assertAlmostEqual(*losses, places=5)
        self.fails(nan, "sample", "holds NaN", "data.missing", more=", layout: NCL")

    def test_mean_of_each_feature(self):
        x, gone = self.holes()
        means = np.array([[x[:, c, k][~gone[:, c, k]].astype("f8").mean() for k in range(4)] for c in range(3)]).astype("f4")
        run = self.run_of(self.put("nan.h5", x=np.where(gone, np.float32(np.nan), x), y=self.y), ", layout: NCL, normalize: standard, missing: mean")
        np.testing.assert_array_equal(harness.tensors(run.final, "normalize")["missing"], means.ravel())
        x[:, 1] = np.nan
        self.fails(self.put("nan.h5", x=x, y=self.y), "every value of channel 1 is missing", more=", layout: NCL, missing: mean")
        x[:, 1] = np.inf
        self.fails(self.put("nan.h5", x=x, y=self.y), "holds Inf", more=", layout: NCL, missing: mean")

    def test_inspect(self):
        """Moments and range of the values that are there, and how many are not."""
        x, gone = self.holes(shape=(SAMPLES, 3))
        x[:, 0] += 30000  # far from 0
        x[:, 2], gone[0, [0, 2]] = 7, True
        fill = {"x": {"_FillValue": np.int16(-1), "scale_factor": 0.5}}
        stored = np.where(gone, -1, np.round(np.abs(x))).astype("i2")
        shown = self.tool("inspect", self.put("fill.h5", fill, x=stored, y=self.y))
        for c in range(3):
            there = stored[:, c][~gone[:, c]] * 0.5
            row = next(line.split() for line in shown.splitlines() if line.split()[:1] == [str(c)])
            expected = [there.mean(), there.std() or 1, there.min(), there.max()]
            np.testing.assert_allclose([float(v) for v in row[1:5]], expected, rtol=1e-5)
        self.assertIn(f"fill.h5: {gone.sum()} of {SAMPLES * 3} values are missing (NaN, or fill values), the first in sample 0", shown)

    def test_eval_and_predict(self):
        """The means are those of the checkpoint."""
        x, gone = self.holes()
        other, others_gone = self.holes()
        run = self.run_of(self.put("nan.h5", x=np.where(gone, np.float32(np.nan), x), y=self.y), ", layout: NCL, missing: mean")
        means = harness.tensors(run.final, "normalize")["missing"]
        new = self.put("new.h5", x=np.where(others_gone, np.float32(np.nan), other), y=self.y)
        plain = self.put("new_plain.h5", x=np.where(others_gone, means[:, None], other), y=self.y)
        results = [self.tool("eval", run.final, "--data", file) for file in (new, plain)]
        self.assertEqual(*[r.split("accuracy")[-1] for r in results])
        for file in (new, plain):
            self.tool("predict", run.final, "--data", file, "--out", file + ".out")
        with h5py.File(new + ".out") as a, h5py.File(plain + ".out") as b:
            np.testing.assert_allclose(a["logits"][()], b["logits"][()], rtol=1e-5, atol=1e-5)

    def dropped(self):
        """Features, labels, weights with something missing in some samples; and those samples."""
        x, gone = self.holes(0.01)
        gone[:600:50, 0, 0] = True
        y, w = self.y.copy(), self.rng.random(SAMPLES).astype("f4") + np.float32(0.5)
        lost_y, lost_w = np.zeros((2, SAMPLES), bool)
        lost_y[[3, 3 + 512, SAMPLES - 1]], lost_w[[0, 700]] = True, True
        lost = gone.any(axis=(1, 2)) | lost_y | lost_w
        file = self.put("holes.h5", {"y": {"_FillValue": -5}, "w": {"missing_value": -1.0}}, x=np.where(gone, np.float32(np.nan), x),
                        y=np.where(lost_y, -5, y), w=np.where(lost_w, np.float32(-1), w))
        return file, self.put("whole.h5", x=x[~lost], y=y[~lost], w=w[~lost]), lost

    def test_drop_sample(self):
        file, whole, lost = self.dropped()
        more = ", layout: NCL, weights: w"
        for part in ("", ", val_fraction: 0.2"):
            run, plain = self.run_of(file, f"{more}, missing: drop_sample{part}"), self.run_of(whole, more + part)
            self.same(run, plain)
            said = f"holes.h5: {lost.sum()} of {SAMPLES} samples are left out"
            self.assertIn(said, run.process.stdout + run.process.stderr)
        shown = [harness.run(["eval", run.final, "--data", data]) for data in (file, whole)]
        self.assertEqual(shown[0].stdout, shown[1].stdout)
        self.assertIn(said, shown[0].stderr)
        self.tool("predict", run.final, "--data", whole, "--out", self.path("p.h5"))
        self.assertIn("data.missing", self.tool("predict", run.final, "--data", file, "--y", "none", "--out", self.path("q.h5"), code=3))
        self.tool("predict", run.final, "--data", file, "--y", "none", "--on-error", "skip", "--out", self.path("q.h5"))
        with h5py.File(self.path("q.h5")) as f, h5py.File(file) as data:
            np.testing.assert_array_equal(np.isnan(f["logits"][()]).all(axis=1), np.isnan(data["x"][()]).any(axis=(1, 2)))
        empty = self.put("empty.h5", x=np.full((SAMPLES, 4), np.float32(np.nan)), y=self.y)
        self.fails(empty, "in every sample", more=", missing: drop_sample")

    def test_same_bits(self):
        """At any number of ranks, in every store."""
        file, whole, _ = self.dropped()
        base = ", layout: NCL, weights: w"
        scratch, cluster = ["--data.store=scratch", f"--data.scratch_dir={self.folder}"], ["--data.store=cluster", "--sync.ranks_per_node=1"]
        for more, others in ((", missing: drop_sample", ((2, []), (3, scratch))), (", missing: drop_sample, val_fraction: 0.2", ((5, scratch), (3, cluster)))):
            one = self.run_of(file, base + more)
            for ranks, flags in others:
                with self.subTest(more=more, ranks=ranks, flags=flags):
                    self.same(one, self.run_of(file, base + more, ranks=ranks, flags=flags))
        x, gone = self.holes()
        nan = self.put("nan.h5", x=np.where(gone, np.float32(np.nan), x), y=self.y)
        one = self.run_of(nan, ", layout: NCL, missing: mean")
        for ranks, flags in ((3, scratch), (5, ["--data.store=cluster", "--sync.ranks_per_node=2"])):
            self.same(one, self.run_of(nan, ", layout: NCL, missing: mean", ranks=ranks, flags=flags))
        window = ["--data.store=window", "--data.block=24", "--data.window=240"]
        for train, more in ((file, base + ", missing: drop_sample"), (nan, ", layout: NCL, missing: mean")):
            self.same(self.run_of(train, more, flags=window), self.run_of(train, more, ranks=3, flags=window))


if __name__ == "__main__":
    unittest.main()
