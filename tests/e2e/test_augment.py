"""data.augment: what a model gets is what numpy makes of the same random numbers, at any number of ranks and virtual ranks, after
resuming in the middle of an epoch, and only in training; labels for each position move with the features.

A linear layer without bias that begins at 0 holds after one step of the right size, with mean squared error and the targets of sample
k the k-th row of the identity, just the samples of the batch as it got them. So the weights of a checkpoint are the augmented set.
"""
import os
import unittest

import h5py
import numpy as np

import augmented
import harness

SAMPLES = 32
CONFIG = """
run: {{seed: {seed}}}
data: {{train: "{data}", val: "{data}", y: y, normalize: none, augment: {augment}}}
model:
  layers:
    - flatten
    - linear: {{out: 32, bias: false, init: zeros}}
loss: {{name: mse}}
train: {{epochs: 1, batch: 32, virtual_ranks: {virtual}, shuffle: true}}
optim: {{name: sgd, lr: 512, momentum: 0, weight_decay: 0}}
"""
TRAINED = """
run: {{seed: 3}}
data: {{train: "{data}[:50]", val: "{data}[50:]", y: classes, augment: {augment}}}
model:
  layers:
    - conv2d: {{out: 4, kernel: 3, padding: 1}}
    - relu
    - linear: 3
train: {{epochs: 3, batch: 20, virtual_ranks: 5}}
optim: {{name: sgd, lr: 0.1}}
checkpoint: {{every_steps: 2, keep: 9}}
"""


ALL = "[{crop: 2}, flip, {shift: 1}, {noise: 0.1}, {scale: 0.1}, {brightness: 0.1}, {contrast: 0.1}, {channel_dropout: 0.1}, {cutout: 2}, " \
      "{mixup: {p: 0.5}}, {cutmix: {p: 0.5}}]"


class Augment(harness.Case):
    def samples(self, shape, dtype, count=SAMPLES):
        random = np.random.default_rng(len(shape) + shape[-1])
        x = random.integers(0, 256, (count, *shape)).astype(dtype)
        if dtype == np.float32:
            x = x / 8 - 16
        with h5py.File(self.path("data.h5"), "w") as f:
            f["x"], f["y"] = x, np.eye(count, dtype=np.float32)
            f["classes"] = random.integers(0, 3, count)
            if len(shape) == 2:
                f["x"].attrs["layout"] = "NCL"
        return x.astype(np.float32)

    def seen(self, augment, ranks=1, virtual=8, seed=7):
        """The set as the model got it in its first epoch."""
        config = self.write("c.yaml", CONFIG.format(data=self.path("data.h5"), augment=augment, virtual=virtual, seed=seed))
        self.run_ = self.train(config, ranks)
        (weight,) = harness.tensors(self.run_.final).values()
        return weight

    def check(self, shape, dtype, augment, steps, seed=7, rounding=0):
        x = self.samples(shape, dtype)
        deep = x.reshape(SAMPLES, shape[0], *(1,) * (4 - len(shape)), *shape[1:])
        want = np.stack([augmented.apply(deep[i], steps, seed, 1, i) for i in range(SAMPLES)]).reshape(SAMPLES, -1)
        have = self.seen(augment, seed=seed)
        if rounding:  # of values in units of the largest
            self.assertLess(np.abs(have - want).max(), rounding * 6e-8 * max(1, np.abs(want).max()), augment)
        else:
            self.assertEqual((have + 0.0).tobytes(), np.ascontiguousarray(want + 0.0, np.float32).tobytes(), augment)
        self.assertTrue(have.shape != (SAMPLES, x[0].size) or (have != x.reshape(SAMPLES, -1)).any())
        return x, have

    def test_geometry(self):
        cases = [((3, 9, 7), np.uint8, "[flip]", [(augmented.flip, {})]),
                 ((3, 9, 7), np.float32, "[{flip: {axis: hw, p: 0.3}}]", [(augmented.flip, dict(axis="hw", p=0.3))]),
                 ((1, 4, 5, 6), np.uint8, "[{flip: dhw}]", [(augmented.flip, dict(axis="dhw"))]),
                 ((2, 37), np.float32, "[{flip: w}]", [(augmented.flip, {})]),
                 ((3, 16, 16), np.uint8, "[{crop: 4}, flip]", [(augmented.crop, dict(padding=(0, 4, 4))), (augmented.flip, {})]),
                 ((2, 5, 6), np.float32, "[flip, {crop: {padding: [1, 7], fill: 2.5}}]",
                  [(augmented.flip, {}), (augmented.crop, dict(padding=(0, 1, 7), fill=2.5))]),
                 ((2, 53), np.float32, "[{crop: {padding: 60, fill: -1}}]", [(augmented.crop, dict(padding=(0, 0, 60), fill=-1))]),
                 ((1, 3, 4, 5), np.uint8, "[{crop: {padding: 2, fill: 9}}, {crop: {padding: 1, fill: 200}}]",
                  [(augmented.crop, dict(padding=(2, 2, 2), fill=9)), (augmented.crop, dict(padding=(1, 1, 1), fill=200))])]
        cases += [((2, 7, 7), np.uint8, "[rotate90]", [(augmented.rotate90, {})]),
                  ((2, 3, 5, 5), np.float32, "[{crop: 2}, {rotate90: 0.7}, {flip: h}]",
                   [(augmented.crop, dict(padding=(2, 2, 2))), (augmented.rotate90, dict(p=0.7)), (augmented.flip, dict(axis="h"))]),
                  ((2, 40), np.float32, "[{shift: {max: 40, mode: circular}}]",
                   [(augmented.shift, dict(largest=(0, 0, 40), mode="circular"))]),
                  ((1, 6, 8), np.uint8, "[{shift: {max: [2, 9], fill: 7}}]", [(augmented.shift, dict(largest=(0, 2, 9), fill=7))])]
        cases += [((2, 53), np.float32, "[{window: 20}, flip]", [(augmented.crop, dict(size=(0, 0, 20))), (augmented.flip, {})]),
                  ((1, 9, 8), np.uint8, "[{crop: {padding: [0, 2], size: [4, 0], fill: 7}}, {flip: {p: 0}}, {window: [4, 5]}]",
                   [(augmented.crop, dict(padding=(0, 0, 2), size=(0, 4, 0), fill=7)), (augmented.flip, dict(p=0)),
                    (augmented.crop, dict(size=(0, 4, 5)))]),
                  ((1, 6, 8, 9), np.float32, "[{window: [0, 6, 6]}, rotate90, {crop: {padding: 1, mode: reflect, size: 5}}]",
                   [(augmented.crop, dict(size=(0, 6, 6))), (augmented.rotate90, {}),
                    (augmented.crop, dict(padding=(1, 1, 1), mode="reflect", size=(5, 5, 5)))])]
        for mode in ("reflect", "replicate", "circular"):
            cases.append(((3, 6, 7), np.uint8, f"[{{crop: {{padding: 5, mode: {mode}}}}}, {{flip: hw}}]",
                          [(augmented.crop, dict(padding=(0, 5, 5), mode=mode)), (augmented.flip, dict(axis="hw"))]))
        for shape, dtype, augment, steps in cases:
            with self.subTest(augment=augment, shape=shape):
                self.check(shape, dtype, augment, steps)

    def test_values(self):
        """Sums of a plane and products are rounded; noise has the error of its approximation, 1e-6 of a standard deviation."""
        image, signal, flat = (3, 9, 7), (5, 61), (70,)
        for shape, augment, steps, rounding in (
                (image, "[{scale: 0.3}]", [(augmented.scale, dict(range=0.3))], 0),
                (flat, "[{scale: {range: 0.5, p: 0.4}}]", [(augmented.scale, dict(range=0.5, p=0.4))], 0),
                (signal, "[{brightness: 2}]", [(augmented.brightness, dict(range=2))], 0),
                (image, "[{contrast: 0.5}]", [(augmented.contrast, dict(range=0.5))], 8),
                (signal, "[{channel_dropout: 0.4}]", [(augmented.channel_dropout, dict(p=0.4))], 0),
                (image, "[{cutout: 4}]", [(augmented.cutout, dict(size=(0, 4, 4)))], 0),
                (signal, "[{cutout: {size: 25, p: 0.5}}]", [(augmented.cutout, dict(size=(0, 0, 25), p=0.5))], 0),
                ((2, 3, 4, 5), "[{cutout: [3, 1, 4]}]", [(augmented.cutout, dict(size=(3, 1, 4)))], 0),
                (image, "[{noise: 0.5}]", [(augmented.noise, dict(std=0.5))], 8),
                (flat, "[{noise: {std: 3, p: 0.5}}]", [(augmented.noise, dict(std=3, p=0.5))], 24),
                (image, "[flip, {crop: 2}, {contrast: 0.2}, {scale: 0.1}, {cutout: 3}]",
                 [(augmented.flip, {}), (augmented.crop, dict(padding=(0, 2, 2))), (augmented.contrast, dict(range=0.2)),
                  (augmented.scale, dict(range=0.1)), (augmented.cutout, dict(size=(0, 3, 3)))], 16)):
            with self.subTest(augment=augment, shape=shape):
                self.check(shape, np.float32, augment, steps, rounding=rounding)

    def test_mixing(self):
        """With targets T of samples X the weights are T' X, both mixed; with classes, the softmax of zeros is 1/K."""
        for shape, augment, steps in (((3, 9, 7), "[{mixup: 0.3}]", [(augmented.mixup, dict(alpha=0.3))]),
                                      ((2, 31), "[{mixup: {alpha: 2, p: 0.5}}]", [(augmented.mixup, dict(alpha=2, p=0.5))]),
                                      ((3, 9, 7), "[{cutmix: 1}]", [(augmented.cutmix, dict(alpha=1))]),
                                      ((2, 31), "[{cutmix: 0.5}]", [(augmented.cutmix, dict(alpha=0.5))]),
                                      ((1, 3, 5, 4), "[{mixup: {p: 0.4}}, {cutmix: {p: 0.7}}]",
                                       [(augmented.mixup, dict(alpha=1, p=0.4)), (augmented.cutmix, dict(alpha=1, p=0.7))])):
            x = self.samples(shape, np.float32)
            deep = x.reshape(SAMPLES, shape[0], *(1,) * (4 - len(shape)), *shape[1:]).astype(np.float64)
            with h5py.File(self.path("data.h5"), "r") as f:
                onehot = np.eye(SAMPLES)[f["classes"][()]]
            for y, targets in (("y", np.eye(SAMPLES)), ("classes", onehot)):
                with self.subTest(augment=augment, y=y):
                    want, mixed = augmented.mix(deep, targets, steps, 7, 1, virtual=4)
                    if y == "classes":
                        mixed = (mixed - 1 / SAMPLES) / SAMPLES
                    text = CONFIG.format(data=self.path("data.h5"), augment=augment, virtual=4, seed=7).replace("shuffle: true", "shuffle: false")
                    if y == "classes":
                        text = text.replace("y: y", "y: classes").replace("mse", "cross_entropy").replace("lr: 512", "lr: 1")
                    weights = [next(iter(harness.tensors(self.train(self.write("m.yaml", text), ranks).final).values())) for ranks in (1, 3)]
                    self.assertEqual(weights[0].tobytes(), weights[1].tobytes())
                    result = mixed.T @ want.reshape(SAMPLES, -1)
                    self.assertLess(np.abs(weights[0] - result).max(), 4e-6 * np.abs(result).max())

    def test_seeds_of_64_bits_and_other_seeds_differ(self):
        first = self.check((1, 4, 5), np.uint8, "[{crop: 2}]", [(augmented.crop, dict(padding=(0, 2, 2)))], seed=2**40 + 5)[1]
        self.assertNotEqual(first.tobytes(), self.seen("[{crop: 2}]", seed=5).tobytes())

    def test_no_change_in_evaluation(self):
        x, weights = self.check((1, 4, 5), np.float32, "[{crop: 2}, flip, {window: [0, 2]}]",
                                [(augmented.crop, dict(padding=(0, 2, 2))), (augmented.flip, {}), (augmented.crop, dict(size=(0, 0, 2)))])
        outputs = augmented.middle(x[:, :, None], (0, 0, 2)).reshape(SAMPLES, -1) @ weights.T.astype(np.float64)
        loss = ((outputs - np.eye(SAMPLES)) ** 2).mean()
        self.assertAlmostEqual(self.run_.of_kind("eval")[-1]["loss"] / loss, 1, delta=1e-5)

    def test_any_ranks(self):
        self.samples((2, 6, 7), np.uint8)
        augment = "[{crop: {padding: 2, mode: reflect, size: 5}}, {flip: hw}, {window: 4}]"
        one = self.seen(augment)
        for ranks, virtual in ((2, 8), (3, 8), (1, 32), (2, 5), (1, 1)):
            with self.subTest(ranks=ranks, virtual=virtual):
                self.assertEqual(one.tobytes(), self.seen(augment, ranks, virtual).tobytes())

    def test_trained_and_resumed(self):
        self.samples((2, 6, 7), np.uint8, 70)
        config = self.write("t.yaml", TRAINED.format(data=self.path("data.h5"), augment=ALL))
        one = self.train(config, 1)
        for ranks in (2, 3):
            self.same(one, self.train(config, ranks))
        checkpoints = os.path.join(one.folder, "checkpoints")
        middle = os.path.join(checkpoints, "step-000000005.h5" if os.path.exists(os.path.join(checkpoints, "step-000000005.h5"))
                              else "step-000000004.h5")
        with h5py.File(middle, "r") as f:
            self.assertGreater(f.attrs["position"], 0)
        folder = self.path("resumed")
        result = harness.run(["train", config, "-o", folder, "--resume", middle], ranks=2)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn(f"weights hash {one.done['weights_hash']}", result.stdout + result.stderr)
        plain = self.train(self.write("p.yaml", TRAINED.format(data=self.path("data.h5"), augment="[]")), 1)
        self.assertNotEqual(one.done["weights_hash"], plain.done["weights_hash"])

    def test_other_augmentation_is_another_run(self):
        self.samples((2, 6, 7), np.uint8, 70)
        config = self.write("t.yaml", TRAINED.format(data=self.path("data.h5"), augment="[flip]"))
        one = self.train(config, 1)
        result = harness.run(["train", config, "-o", self.path("other"), "--resume", one.final, "--data.augment=[{flip: h}]",
                              "--train.epochs=4"])
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("data.augment", result.stderr)

    def test_labels_move_along(self):
        """With a network that hands its input through, the loss is 0 as long as targets lie where features do."""
        random = np.random.default_rng(1)
        x = random.integers(1, 9, (40, 1, 6, 5)).astype(np.float32)
        classes = random.integers(0, 4, (40, 6, 5))
        with h5py.File(self.path("data.h5"), "w") as f:
            f["x"], f["values"], f["classes"] = x, x[:, 0], classes
            f["scores"] = np.where(np.arange(4)[:, None, None] == classes[:, None], 200, 0).astype(np.float32)
            f["weights"] = (x[:, 0] < 5).astype(np.float32)
            f["wrong"] = np.where(x[:, 0] < 5, x[:, 0], 99)
        config = """
data: {{train: "{data}", x: {x}, y: {y}, normalize: none, augment: {augment}, weights: "{w}"}}
model:
  layers:
    - {layer}
loss: {{name: {loss}}}
train: {{epochs: 1, batch: 40}}
optim: {{name: sgd, lr: 0}}
log: {{every_steps: 1}}
"""
        layer = "affine"
        for y, feature, loss, w in (("values", "x", "mse", ""), ("classes", "scores", "cross_entropy", ""), ("wrong", "x", "mse", "weights")):
            for augment in ("[{flip: hw}]", "[{crop: 2}, {flip: hw}]", "[{crop: {padding: 3, mode: reflect}}]", "[{flip: h}, {cutmix: 1}]"):
                with self.subTest(y=y, augment=augment):
                    text = config.format(data=self.path("data.h5"), x=feature, y=y, augment=augment, w=w, loss=loss, layer=layer)
                    run = self.train(self.write("m.yaml", text), 2)
                    self.assertEqual(run.of_kind("step")[-1]["loss"], 0)

    def test_targets_that_are_features(self):
        """They are what the model gets, so a network that hands its input through has no loss, but they must stay in a loss's range."""
        self.samples((2, 6, 7), np.uint8, 40)
        text = """
data: {{train: "{data}", val: "{data}", y: x, normalize: unit, augment: {augment}}}
model: {{layers: [affine]}}
loss: {{name: {loss}}}
train: {{epochs: 1, batch: 40}}
optim: {{name: sgd, lr: 0}}
log: {{every_steps: 1}}
"""
        augment = "[flip, {window: [3, 4]}, {noise: 1}, {scale: 0.5}, {mixup: 1}, {cutmix: 1}]"
        run = self.train(self.write("x.yaml", text.format(data=self.path("data.h5"), augment=augment, loss="mse")), 2)
        self.assertEqual([line["loss"] for line in run.of_kind("step") + run.of_kind("eval")], [0, 0])
        for number, (augment, kind) in enumerate((("[flip, {noise: 1}]", "noise"), ("[{brightness: 1}]", "brightness"), ("[{scale: 1}]", "scale"),
                                                  ("[{contrast: 1}]", "contrast"), ("[{crop: {padding: 1, fill: 255}}, {cutout: 2}]", None))):
            config = self.write("x.yaml", text.format(data=self.path("data.h5"), augment=augment, loss="bce").replace("affine", "affine, sigmoid"))
            result = harness.run(["train", config, "-o", self.path(f"range{number}")])
            self.assertEqual(result.returncode, 2 if kind else 0, result.stderr)
            if kind:
                self.assertIn(f"from 0 to 1, which {kind} may leave", result.stderr)

    def test_mixed_positions(self):
        """Classes for each position become probabilities by mixup, and stay classes, of one sample or the other, by cutmix."""
        random = np.random.default_rng(5)
        classes = random.integers(0, 4, (SAMPLES, 3, 5))
        x = random.standard_normal((SAMPLES, 4, 3, 5)).astype(np.float32)
        onehot = np.eye(4)[classes].transpose(0, 3, 1, 2)
        with h5py.File(self.path("data.h5"), "w") as f:
            f["x"], f["index"], f["onehot"] = x, classes, onehot.astype(np.float32)
            f["ignored"] = np.where(random.random(classes.shape) < 0.2, -100, classes)
        text = """
run: {{seed: 7}}
data: {{train: "{data}", y: {y}, normalize: none, augment: {augment}}}
model: {{layers: [affine]}}
train: {{epochs: 1, batch: 32, virtual_ranks: 4, shuffle: false}}
optim: {{name: sgd, lr: 0}}
log: {{every_steps: 1}}
"""
        pasted = lambda *pair, alpha: augmented.cutmix(*pair, alpha=alpha, positions=True)
        for y, augment, steps, ranks in (("index", "[{mixup: 0.4}]", [(augmented.mixup, dict(alpha=0.4))], 3),
                                         ("onehot", "[{mixup: 1}, {cutmix: 1}]", [(augmented.mixup, dict(alpha=1)), (pasted, dict(alpha=1))], None),
                                         ("index", "[{cutmix: 0.7}]", [(pasted, dict(alpha=0.7))], 2),
                                         ("ignored", "[{cutmix: 1}]", [(pasted, dict(alpha=1))], 3)):
            with self.subTest(y=y, augment=augment):
                targets = onehot[:, :, None].copy()
                if y == "ignored":
                    with h5py.File(self.path("data.h5"), "r") as f:
                        targets *= f["ignored"][()][:, None, None] >= 0
                mixed, t = augmented.mix(x[:, :, None].astype(np.float64), targets, steps, 7, 1, virtual=4)
                log_softmax = mixed - np.log(np.exp(mixed).sum(1, keepdims=True))
                want = -(t * log_softmax).sum() / t.sum()
                run = self.train(self.write("m.yaml", text.format(data=self.path("data.h5"), y=y, augment=augment)), ranks)
                self.assertAlmostEqual(run.of_kind("step")[-1]["loss"], want, delta=1e-5 * want)

    def test_refused(self):
        self.samples((2, 6), np.uint8)
        for augment, part in (("[{flip: h}]", "data.augment[0]: flip: axis h: the samples have no axis h"),
                              ("[flip, {crop: {padding: 6, mode: reflect}}]", "data.augment[1]: crop: 6 positions beyond an axis of 6"),
                              ("[{crop: {padding: 1, fill: 300}}]", "fill: 300 is no integer of 0..255"),
                              ("[{shift: {max: 1, fill: 2.5}}]", "data.augment[0]: shift: fill: 2.5 is no integer"),
                              ("[{noise: 1}, flip]", "data.augment[1]: flip: moves positions; put it before noise"),
                              ("[rotate90]", "rotate90: needs axes h and w"), ("[flip, {window: 7}]", "data.augment[1]: window: size: 7 is larger"),
                              ("[{window: 0}]", "window: size: is 0"), ("[{crop: {size: 5}}, {crop: {size: 6}}]", "data.augment[1]: crop: size: 6"), ("[{cutout: 0}]", "size: is 0 along an axis"),
                              ("[{mixup: 1}, {noise: 1}]", "data.augment[1]: noise: changes single samples; put it before mixup"),
                              ("[{crpo: 2}]", "did you mean 'crop'"), ("[crop]", "crop: padding: is 0"),
                              ("[{flip: {p: 2}}]", "flip: p: "), ("flip", "expects a list"), ("[{flip: {q: 1}}]", "flip has no 'q'"),
                              ("[{crop: {mode: reflect, padding_mode: reflect}}]", "crop: 'mode' and 'padding_mode' are the same"),
                              ("[{crop: {padding_mod: reflect}}]", "did you mean 'padding_mode'"),
                              ("[{flip: w, crop: 1}]", "an entry is 'kind'"), ("[" + "flip, " * 17 + "]", "more than 16 entries")):
            with self.subTest(augment=augment):
                config = self.write("c.yaml", CONFIG.format(data=self.path("data.h5"), augment=augment, virtual=8, seed=1))
                result = harness.run(["train", config, "-o", self.path("bad")])
                self.assertEqual(result.returncode, 2, result.stderr)
                self.assertIn(part, result.stderr)

    def test_ignored_samples_are_not_mixed(self):
        """Without a class, they would count as samples of no class."""
        self.samples((2, 6, 7), np.float32, 70)
        with h5py.File(self.path("data.h5"), "r+") as f:
            f["classes"][:] = np.where(np.arange(70) == 37, -100, f["classes"][()])
        for number, (augment, code) in enumerate((("[mixup]", 3), ("[flip, cutmix]", 3), ("[flip]", 0))):
            config = self.write("i.yaml", TRAINED.format(data=self.path("data.h5"), augment=augment))
            result = harness.run(["train", config, "-o", self.path(f"ignored{number}")], ranks=2)
            self.assertEqual(result.returncode, code, result.stderr)
            if code:
                self.assertIn("data.augment mixes samples, but ignored ones have no class", result.stderr)
                self.assertIn("sample 37 has label -100, loss.ignore_index", result.stderr)

    def test_moves_need_numbers_for_channels(self):
        """A pixel that has moved has another mean than the place where it is now."""
        self.samples((2, 6, 7), np.float32, 70)
        text = TRAINED.format(data=self.path("data.h5"), augment="AUGMENT, NUMBERS")
        for number, (augment, numbers, part) in enumerate((
                ("[flip, {noise: 1}]", "normalize: standard", "flip moves positions, but data.normalize: standard has a mean for each"),
                ("[{crop: 1}]", "transforms: [log1p, {maxabs: feature}]", "crop moves positions, but data.transforms[1]: maxabs has numbers"),
                ("[{shift: 1}]", "transforms: [{standard: feature}]", "shift moves positions, but data.transforms[0]: standard has numbers"),
                ("[flip]", "normalize: auto", None), ("[flip]", "transforms: [{standard: channel}, {minmax: {}}]", None),
                ("[{noise: 0.1}, {mixup: 1}]", "normalize: standard", None), ("[{cutout: 2}]", "transforms: [{maxabs: feature}]", None))):
            with self.subTest(augment=augment, numbers=numbers):
                config = self.write("n.yaml", text.replace("AUGMENT", augment).replace("NUMBERS", numbers))
                result = harness.run(["train", config, "-o", self.path(f"numbers{number}")])
                self.assertEqual(result.returncode, 2 if part else 0, result.stderr)
                if part:
                    self.assertEqual(len(result.stderr.splitlines()), 1)
                    self.assertIn(part, result.stderr)


if __name__ == "__main__":
    unittest.main()
