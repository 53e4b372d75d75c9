"""data.transforms: what a model gets is what numpy (and scikit-learn, by its formulas) makes of the set, at any number of ranks; `eval`
and `predict` apply what the checkpoint holds. Seen by the weights of a linear layer, as in test_augment.py."""
import os
import unittest

import h5py
import numpy as np

import harness

SAMPLES = 32
CONFIG = """
data: {{train: "{data}", val: "{other}", y: y, transforms: {transforms}}}
model:
  layers:
    - flatten
    - linear: {{out: 32, bias: false, init: zeros}}
loss: {{name: mse}}
train: {{epochs: 1, batch: 32}}
optim: {{name: sgd, lr: 512, momentum: 0, weight_decay: 0}}
"""


def log1p(x, fit):
    return np.sign(x) * np.log1p(np.abs(x))


def clip(low, high):
    return lambda x, fit: np.clip(x, low, high)


def scale(factor, offset):
    return lambda x, fit: x * factor + offset


def axes(x, per):
    return 0 if per == "feature" else (0, *range(2, x.ndim))


def standard(per="channel"):
    return lambda x, fit: (x - fit.mean(axes(fit, per), keepdims=True)) / fit.std(axes(fit, per), keepdims=True)


def minmax(low=0, high=1, per="channel"):
    def apply(x, fit):
        small, large = fit.min(axes(fit, per), keepdims=True), fit.max(axes(fit, per), keepdims=True)
        return (x - small) / np.where(large > small, large - small, 1) * (high - low) + low
    return apply


def maxabs(per="channel"):
    return lambda x, fit: x / np.abs(fit).max(axes(fit, per), keepdims=True)


def by_channel(*numbers):
    return np.reshape(numbers, (1, -1, 1, 1))


def channels(*keep):
    return lambda x, fit: x[:, list(keep)]


def crop_center(*size):
    """torchvision's CenterCrop: int(round((n - size) / 2))."""
    def apply(x, fit):
        for axis, n in enumerate(size, x.ndim - len(size)):
            first = round((x.shape[axis] - n) / 2)
            x = np.take(x, np.arange(first, first + n), axis)
        return x
    return apply


def resize(*size, mode="linear"):
    """torch.nn.functional.interpolate with align_corners=False: one matrix for each axis."""
    def matrix(inputs, outputs):
        if mode == "nearest":
            return np.eye(inputs)[np.floor(np.arange(outputs, dtype=np.float32) * np.float32(inputs / outputs)).astype(int)]
        at = np.maximum((np.arange(outputs) + 0.5) * (inputs / outputs) - 0.5, 0)
        first = np.minimum(at.astype(int), inputs - 1)
        second, share = np.minimum(first + 1, inputs - 1), (at - first)[:, None]
        return np.eye(inputs)[first] * (1 - share) + np.eye(inputs)[second] * share

    def apply(x, fit):
        for axis, n in enumerate(size, x.ndim - len(size)):
            x = np.moveaxis(np.tensordot(matrix(x.shape[axis], n), x, (1, axis)), 0, axis)
        return x
    return apply


class Transforms(harness.Case):
    def sets(self, shape, dtype):
        """The training set and another one, in float64."""
        random = np.random.default_rng(shape[-1])
        out = []
        for name in ("data.h5", "other.h5"):
            x = random.integers(0, 200, (SAMPLES, *shape)).astype(dtype)
            if dtype == np.float32:
                x = (x - 90) / 4 * (1 + np.arange(shape[0], dtype=np.float32).reshape(-1, *(1,) * (len(shape) - 1)))
            with h5py.File(self.path(name), "w") as f:
                f["x"], f["y"] = x, np.eye(SAMPLES, dtype=np.float32)
                f["x"].attrs["gain"], f["x"].attrs["means"], f["x"].attrs["base"] = [0.5, 2, -1], [1, 2, 3], np.float32(-7)
                if len(shape) == 2:
                    f["x"].attrs["layout"] = "NCL"
            out.append(x.astype(np.float64))
        return out

    def config(self, transforms):
        return self.write("c.yaml", CONFIG.format(data=self.path("data.h5"), other=self.path("other.h5"), transforms=transforms))

    def test_numbers(self):
        """Each element takes a few roundings, in units of the largest; the mean is float32 as well."""
        image, signal, table, volume = (3, 5, 4), (2, 31), (13,), (2, 3, 5, 4)
        for number, (shape, dtype, text, steps) in enumerate((
                (image, np.uint8, "[standard]", [standard()]),
                (table, np.float32, "[standard]", [standard()]),
                (image, np.float32, "[{standard: feature}]", [standard("feature")]),
                (image, np.uint8, "[{minmax: {}}]", [minmax()]),
                (signal, np.float32, "[{minmax: {min: -1, max: 3, per: feature}}]", [minmax(-1, 3, "feature")]),
                (signal, np.float32, "[maxabs]", [maxabs()]),
                (table, np.float32, "[log1p]", [log1p]),
                (image, np.float32, "[log1p, standard, {clip: {min: -1, max: 1.5}}, {minmax: {}}]",
                 [log1p, standard(), clip(-1, 1.5), minmax()]),
                (image, np.uint8, "[{scale: {factor: 0.25, offset: -3}}, {clip: {max: 20}}]", [scale(0.25, -3), clip(None, 20)]),
                (image, np.float32, "[{standard: {mean: [1, 2, 3], std: [2, 4, 8]}}]",
                 [lambda x, fit: (x - np.reshape([1, 2, 3], (1, 3, 1, 1))) / np.reshape([2, 4, 8], (1, 3, 1, 1))]),
                (table, np.float32, "[{standard: {mean: [5], std: [2]}}]", [lambda x, fit: (x - 5) / 2]),
                (image, np.uint8, "[{scale: {factor: '@gain', offset: '@base'}}, {clip: {max: [20, 30, 40]}}]",
                 [lambda x, fit: x * by_channel(0.5, 2, -1) - 7, lambda x, fit: np.minimum(x, by_channel(20, 30, 40))]),
                (image, np.uint8, "[{scale: {factor: [1, 3, 2]}}, {standard: {mean: '@gain', std: '@means'}}]",
                 [lambda x, fit: (x * by_channel(1, 3, 2) - by_channel(0.5, 2, -1)) / by_channel(1, 2, 3)]),
                (image, np.uint8, "[{channels: [2, 0]}, standard]", [channels(2, 0), standard()]),
                (table, np.float32, "[{maxabs: feature}, {channels: [12, 1, 1]}]", [maxabs("feature"), channels(12, 1, 1)]),
                (image, np.uint8, "[{resize: 3}, {minmax: {per: feature}}]", [resize(3, 3), minmax(per="feature")]),
                (image, np.float32, "[{resize: {size: [9, 0], mode: bilinear}}, {crop_center: [4, 4]}, standard]",
                 [resize(9, 4), crop_center(4, 4), standard()]),
                (image, np.float32, "[{resize: {size: [2, 7], mode: nearest}}]", [resize(2, 7, mode="nearest")]),
                (signal, np.float32, "[log1p, {resize: 47}, {scale: {factor: 2}}]", [log1p, resize(47), scale(2, 0)]),
                (signal, np.uint8, "[{crop_center: 18}]", [crop_center(18)]),
                (volume, np.float32, "[{resize: {size: [2, 8, 3], mode: trilinear}}, {crop_center: [2, 3, 2]}, {channels: [1]}]",
                 [resize(2, 8, 3), crop_center(2, 3, 2), channels(1)]))):
            with self.subTest(transforms=text, shape=shape):
                x, other = self.sets(shape, dtype)
                for step in steps:
                    other, x = step(other, x), step(x, x)
                runs = [self.train(self.config(text))]
                if number % 2:  # the same bits at other numbers of ranks, wherever the samples are
                    runs.append(self.train(self.config(text), 3, [f"--data.store={('scratch', 'cluster')[number // 2 % 2]}"]))
                self.same(runs[0], runs[-1], groups=("model", "normalize", "transforms"))
                weights = next(iter(harness.tensors(runs[0].final).values()))
                want = x.reshape(SAMPLES, -1)
                self.assertLess(np.abs(weights - want).max(), 2e-6 * max(1, np.abs(want).max()))
                outputs = other.reshape(SAMPLES, -1) @ weights.T.astype(np.float64)
                loss = ((outputs - np.eye(SAMPLES)) ** 2).mean()
                self.assertAlmostEqual(runs[-1].of_kind("eval")[-1]["loss"] / loss, 1, delta=1e-5)
                self.tools(runs[0].final, outputs)

    def tools(self, checkpoint, outputs):
        out = self.path("predicted.h5")
        result = harness.run(["predict", checkpoint, "--data", self.path("other.h5"), "--out", out, "--force"])
        self.assertEqual(result.returncode, 0, result.stderr)
        with h5py.File(out, "r") as f:
            name = next(n for n in ("values", "predicted", "logits") if n in f)
            self.assertLess(np.abs(f[name][()] - outputs).max(), 1e-5 * max(1, np.abs(outputs).max()))

    def test_labels_follow(self):
        """With a network that hands its input through, the loss is 0 as long as labels lie where features do."""
        random = np.random.default_rng(1)
        x = random.integers(1, 9, (40, 1, 7, 6)).astype(np.float32)
        classes = random.integers(0, 4, (40, 7, 6))
        with h5py.File(self.path("data.h5"), "w") as f:
            f["x"], f["values"], f["classes"] = x, x[:, 0], classes
            f["scores"] = np.where(np.arange(4)[:, None, None] == classes[:, None], 200, 0).astype(np.float32)
            f["weights"], f["wrong"] = (x[:, 0] < 5).astype(np.float32), np.where(x[:, 0] < 5, x[:, 0], 99)
            f["cut"] = classes[:, 2:5, 1:5]
        config = """
data: {{train: "{data}", val: "{data}", x: {x}, y: {y}, weights: "{w}", {steps}}}
model: {{layers: [affine]}}
loss: {{name: {loss}}}
train: {{epochs: 1, batch: 40}}
optim: {{name: sgd, lr: 0}}
log: {{every_steps: 1}}
"""
        both, part = "normalize: none, augment: [{flip: hw}, {window: [5, 4]}]", (slice(1, 6), slice(1, 5))
        kept = "transforms: [{scale: {factor: 1}}, {crop_center: [3, 4]}]"
        for steps, rows in ((both, part), (kept, (slice(2, 5), slice(1, 5))), ("normalize: none, augment: [{crop: {padding: 1, size: [5, 4]}}]", part),
                            ("augment: [{crop: {padding: 2, size: 6}}, {shift: 1}], transforms: [{crop_center: [3, 4]}]", (slice(2, 5), slice(1, 5)))):
            for y, feature, loss, w in (("values", "x", "mse", ""), ("classes", "scores", "cross_entropy", ""), ("wrong", "x", "mse", "weights")):
                with self.subTest(y=y, steps=steps):
                    run = self.train(self.write("l.yaml", config.format(data=self.path("data.h5"), x=feature, y=y, loss=loss, w=w, steps=steps)), 2)
                    self.assertEqual([line["loss"] for line in run.of_kind("step") + run.of_kind("eval")], [0, 0])
            out = self.path("labels.h5")
            result = harness.run(["predict", run.final, "--data", self.path("data.h5"), "--y", "values", "--out", out, "--force"])
            self.assertEqual(result.returncode, 0, result.stderr)
            with h5py.File(out, "r") as f:
                where = (slice(None), slice(None), *rows)
                self.assertEqual(f["labels"][()].tobytes(), x[where].tobytes())
                self.assertEqual(f["logits"][()].tobytes(), x[where].tobytes())
            height, width = x[where].shape[2:]
            self.assertIn(f"samples        1 x 7 x 6, in the model 1 x {height} x {width}\n", harness.run(["inspect", run.final]).stdout)
        text = config.format(data=self.path("data.h5"), x="scores", y="cut", loss="cross_entropy", w="", steps=kept)
        result = harness.run(["train", self.write("l.yaml", text), "-o", self.path("bad")])
        self.assertEqual(result.returncode, 3)
        self.assertIn("store labels (N,7,6)", result.stderr)
        for steps, part in (("transforms: [{crop_center: 8}]", "data.transforms[0]: crop_center: size: 8 is larger than the samples, 4 x 7 x 6"),
                            ("transforms: [{resize: 4}]", "store labels (N,4,4)"),
                            ("augment: [{window: [5, 4]}], transforms: [{resize: [7, 6]}]",
                             "data.augment: leaves 20 positions of a sample, and labels for each cannot follow to the 42 of the model's outputs"),
                            ("transforms: [{crop_center: 1}]", "labels are for each position, but the model's outputs have only one")):
            text = config.format(data=self.path("data.h5"), x="scores", y="classes", loss="cross_entropy", w="", steps=steps)
            self.assertIn(part, harness.run(["train", self.write("l.yaml", text), "-o", self.path("bad")]).stderr)

    def test_other_transforms_are_another_run(self):
        self.sets((5,), np.float32)
        run = self.train(self.config("[maxabs]"))
        result = harness.run(["train", self.config("[standard]"), "-o", self.path("other"), "--resume", run.final, "--train.epochs=2"])
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("data.transforms", result.stderr)

    def test_damaged_checkpoint(self):
        self.sets((5,), np.float32)
        run = self.train(self.config("[log1p, standard]"))
        with h5py.File(run.final, "r+") as f:
            self.assertEqual(sorted(f["transforms"]), ["00.log1p", "01.standard"])
            f["transforms/01.standard/a"][2] = np.inf
        harness.reseal(run.final)
        result = harness.run(["eval", run.final, "--data", self.path("other.h5")])
        self.assertEqual(result.returncode, 3)
        self.assertIn("transforms/01.standard/a, or b: is not finite", result.stderr)
        for number, (old, new, part) in enumerate((("01.standard", "01.maxabs", "transforms: has no standard at place 1"),
                                                   ("01.maxabs", "01.standard", None), ("00.log1p", "02.log1p", "has no log1p at place 0"))):
            with h5py.File(run.final, "r+") as f:
                f.move(f"transforms/{old}", f"transforms/{new}")
                f["transforms/01." + ("standard" if number else "maxabs") + "/a"][2] = 1
            harness.reseal(run.final)
            result = harness.run(["eval", run.final, "--data", self.path("other.h5")])
            self.assertEqual(result.returncode, 3 if part else 0, result.stderr)
            self.assertIn(part or "", result.stderr)
        with h5py.File(run.final, "r+") as f:
            f.copy("transforms/02.log1p", "transforms/00.log1p")
        harness.reseal(run.final)
        self.assertIn("transforms: has more steps than the 2", harness.run(["eval", run.final, "--data", self.path("other.h5")]).stderr)

    def test_attributes_refused(self):
        self.sets((4, 5), np.float32)
        for text, part in (("[{scale: '@factor'}]", "data.h5: x: has no attribute 'factor'"),
                           ("[{clip: {min: '@gain'}}]", "attribute 'gain' should hold one number, or 4")):
            result = harness.run(["train", self.config(text), "-o", self.path("bad")], ranks=2)
            self.assertEqual(result.returncode, 3, result.stderr)
            self.assertIn(part, result.stderr)
            self.assertEqual(len(harness.error_lines(result.stderr)), 1)
        result = harness.run(["train", "--data.transforms=[{scale: '@factor'}]", "--data.train=demo:train", "-o", self.path("bad")])
        self.assertIn("demo:train: has no attributes", result.stderr)

    def test_numbers_beyond_float32(self):
        self.sets((3,), np.float32)
        with h5py.File(self.path("data.h5"), "r+") as f:
            f["x"][:, 1] = np.where(np.arange(SAMPLES) % 2, np.float32(1e-42), 0)
        for kind in ("minmax", "maxabs"):
            result = harness.run(["train", self.config(f"[log1p, {kind}]"), "-o", self.path(kind)], ranks=2)
            self.assertEqual(result.returncode, 2, result.stderr)
            self.assertIn(f"data.transforms[1]: {kind}: its numbers are beyond float32", result.stderr)

    def test_refused(self):
        self.sets((3, 4), np.float32)
        for text, part in (("[{minmax: {min: 2, max: 1}}]", "data.transforms[0]: minmax: min is not below max"),
                           ("[log1p, {standard: {mean: [1, 2], std: [1, 2]}}]", "data.transforms[1]: standard: mean has 2"),
                           ("[{standard: {mean: [1]}}]", "mean has 1 and std 0"), ("[{clip: {min: 1, max: 1}}]", "clip: min is not below"),
                           ("[{log1p: 2}]", "log1p takes no arguments"), ("[standart]", "did you mean 'standard'"),
                           ("[maxabs], normalize: unit", "data.transforms takes its place"),
                           ("[{clip: {max: [1, 2]}}]", "data.transforms[0]: clip: max has 2 numbers; give one, or one for each of 3"),
                           ("[{scale: {factor: {a: 1}}}]", "factor: expects a list of numbers such as [0.5, 2], or"), ("[{standard: {mean: '@gain'}}]", "mean has 3 and std 0"),
                           ("[log1p, {channels: [0, 3]}]", "data.transforms[1]: channels: keep: there is no channel 3; the samples have 0 to 2"),
                           ("[channels]", "keep"), ("[{channels: [0.5]}]", "there is no channel 0.5"),
                           ("[{resize: 3}, {crop_center: 4}]", "data.transforms[1]: crop_center: size: 4 is larger than the samples, 3 x 3"),
                           ("[{resize: 0}]", "resize: size: is 0"),
                           ("[{resize: {size: 3, mode: bilinear}}]", "mode: bilinear is for samples with 2 axes; use linear")):
            with self.subTest(transforms=text):
                result = harness.run(["train", self.config(text), "-o", self.path("bad")])
                self.assertEqual(result.returncode, 2, result.stderr)
                self.assertIn(part, result.stderr)
        self.sets((1, 2, 3, 4), np.uint8)  # 2 to the power of 90 positions
        result = harness.run(["train", self.config("[{resize: 1073741824}]"), "-o", self.path("bad")])
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertIn("data.transforms[0]: resize: size: is beyond any memory", result.stderr)


if __name__ == "__main__":
    unittest.main()
