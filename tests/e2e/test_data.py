"""What a data set means: kinds of labels, sample weights, ranges, shares and normalisation, as laws that a whole run obeys."""
import json
import unittest

import h5py
import numpy as np

import harness

SAMPLES = 300


class Data(harness.Case):
    def setUp(self):
        super().setUp()
        rng = np.random.default_rng(11)
        self.x = (rng.normal(size=(SAMPLES, 2, 3, 4)) * [[[[1.5]], [[0.1]]]] + rng.normal(size=(1, 2, 3, 4)) * 4).astype("f4")
        self.x[:, 1, 2, 3] = 7  # a constant
        self.flat = self.x.reshape(SAMPLES, -1)
        self.classes = self.flat[:, :3].argmax(axis=1)
        self.binary = self.flat[:, :2] > self.flat[:, :2].mean(axis=0)
        self.values = np.stack([self.flat[:, 0] * 30 + 1000, self.flat[:, 13] + self.flat[:, 2]], axis=1)
        self.files = 0

    def file(self, **arrays):
        self.files += 1
        path = self.path(f"{self.files}.h5")
        with h5py.File(path, "w") as f:
            for name, array in arrays.items():
                f[name] = array
        return path

    def train(self, train, outputs, *flags, ranks=None):
        config = self.write("config.yaml", f"data: {{train: '{train}'}}\nmodel: {{layers: [linear: {outputs}]}}\n"
                                           "train: {epochs: 2, batch: 40, virtual_ranks: 4}\n")
        self.runs += 1
        return harness.Run(config, self.path(f"run{self.runs}"), ranks, flags)

    def stored(self, run, name):
        with h5py.File(run.final, "r") as f:
            return f[name][:]

    def weights_of(self, run):
        with h5py.File(run.final, "r") as f:
            layer = f["model"][next(iter(f["model"]))]
            return layer["weight"][:], layer["bias"][:]

    def hash(self, *args, **options):
        return self.train(*args, **options).done["weights_hash"]

    def refuse(self, code, part, train, *flags):
        for ranks in (None, 3):
            process = harness.run(["check", self.write("refused.yaml", f"data: {{train: '{train}'}}\nmodel: {{layers: [linear: 2]}}\n"
                                                       "train: {batch: 40, virtual_ranks: 4}\n"), *flags], ranks)
            self.assertEqual(process.returncode, code, process.stderr)
            lines = harness.error_lines(process.stderr)
            self.assertEqual(len(lines), 1, process.stderr)
            self.assertIn(part, lines[0])

    # ---- kinds ----

    def test_same_labels_same_bits(self):
        """However the same labels are stored, the run is the same."""
        def same(loss, outputs, labels, *flags):
            hashes = {self.hash(self.file(x=self.flat, y=y), outputs, f"--loss.name={loss}", *flags) for y in labels}
            self.assertEqual(len(hashes), 1, loss)

        onehot = np.eye(3)[self.classes]
        same("cross_entropy", 3, [self.classes, self.classes.astype("u1")[:, None], onehot, onehot.astype("i2"), onehot > 0])
        signs = 2 * self.binary.astype("i1") - 1
        same("bce_with_logits", 2, [self.binary, self.binary.astype("f2"), self.binary.astype("u8"), signs, signs.astype("f8")])
        same("soft_margin", 1, [self.binary[:, 0], self.binary[:, :1].astype("f4"), signs[:, 0]])
        whole = np.round(self.values)
        same("mse", 2, [whole, whole.astype("f4"), whole.astype("i4")], "--optim.lr=1e-7")

    def test_report(self):
        """The kind is printed; data.labels says another one."""
        onehot = np.eye(3, dtype="f4")[self.classes]
        path = self.file(x=self.flat, y=onehot, w=np.ones(SAMPLES))
        for flags, parts in [(["--loss.name=cross_entropy", "--data.weights=w"], ["float32 (N,3): onehot, samples weighted by w",
                                                                                  "3 classes"]),
                             (["--loss.name=cross_entropy", "--data.labels=probs"], ["(N,3): probs, as set by data.labels"]),
                             (["--loss.name=bce_with_logits"], ["(N,3): multilabel", "3 labels"]),
                             (["--loss.name=mse", "--data.target_normalize=standard"], ["(N,3): target, each target normalized to mean 0",
                                                                                        "3 targets"]),
                             (["--data.val_fraction=0.3"], ["validation: a fraction of 0.3, 90 samples", "210 samples of"])]:
            process = harness.run(["check", self.write("c.yaml", f"data: {{train: {path}}}\nmodel: {{layers: [linear: 3]}}\n"
                                                       "train: {batch: 40, virtual_ranks: 4}\n"), *flags])
            self.assertEqual(process.returncode, 0, process.stderr)
            for part in parts:
                self.assertIn(part, process.stdout)

    def test_validation_has_the_kind_of_training(self):
        train = self.file(x=self.flat, y=np.eye(2)[self.binary[:, 0].astype(int)])
        index = self.file(x=self.flat, y=self.binary[:, 0].astype("i4"))
        probs = self.file(x=self.flat, y=np.full((SAMPLES, 2), 0.5))
        self.refuse(3, f"{index}: y: labels are int32 (N,), but loss cross_entropy takes", train, f"--data.val={index}")
        self.refuse(3, f"{probs}: y: labels are float64 (N,2), sample 0 has [0.5, 0.5]: not one-hot", train, f"--data.val={probs}")
        self.refuse(3, "the labels of the training set are index", index, f"--data.val={train}")
        run = self.train(probs, 2, f"--data.val={train}")  # a single 1 is a distribution, too
        for data, code in [(train, 0), (probs, 0), (index, 3)]:
            self.assertEqual(harness.run(["eval", run.final, "--data", data]).returncode, code)

    def test_refused(self):
        path = self.file(x=self.flat, y=self.binary)
        self.refuse(2, "data.val_fraction", path, "--data.val_fraction=0.2", f"--data.val={path}")
        self.refuse(2, "data.val_fraction", path, "--data.val_fraction=1.5")
        self.refuse(3, "leaves 0 and 300 of 300 samples", path, "--data.val_fraction=1", "--loss.name=bce")
        self.refuse(2, "data.target_normalize: needs real-valued targets, but the labels are multilabel", path,
                    "--data.target_normalize=standard", "--loss.name=bce")
        for limit in 0, 5:  # a limit of the logits makes no probabilities of them
            self.refuse(2, "bce takes probabilities, but the model ends with linear", path, "--loss.name=bce",
                        f"--train.clip_logits={limit}")
        values = self.file(x=self.flat, y=abs(self.values))
        self.refuse(2, "loss poisson_nll expects targets from 0", values, "--data.target_normalize=standard",
                    "--loss.name=poisson_nll")
        logs = self.file(x=self.flat, y=-abs(self.values))
        self.refuse(2, "loss kl_div expects log-probabilities", logs, "--data.target_normalize=standard", "--loss.name=kl_div",
                    "--loss.log_target=true")
        self.refuse(3, "[300:] holds none of the 300 samples", path + "[300:]", "--loss.name=bce")
        self.refuse(3, "[0:301] is outside the 300 samples", path + "[0:301]", "--loss.name=bce")
        self.refuse(3, "[0] is not a range", path + "[0]", "--loss.name=bce")

    # ---- parts of a set ----

    def test_ranges(self):
        """A range is the file with those samples."""
        whole = self.file(x=self.flat, y=self.classes, w=np.arange(SAMPLES) % 4)
        for text, part in [("[0:100]", slice(0, 100)), ("[-200:-20]", slice(-200, -20)), ("[1::3]", slice(1, None, 3))]:
            cut = self.file(x=self.flat[part], y=self.classes[part], w=(np.arange(SAMPLES) % 4)[part])
            runs = [self.train(path, 3, f"--data.val={whole}[::7]", "--data.weights=w") for path in (whole + text, cut)]
            self.assertEqual(*(run.done["weights_hash"] for run in runs))
            self.assertEqual(*(h5py.File(run.final, "r").attrs["data_hash"] for run in runs))
            self.assertEqual(runs[0].of_kind("eval")[-1]["count"], len(self.x[::7]))
            said = [harness.run(["eval", runs[0].final, "--data", path]).stdout for path in (whole + text, cut)]
            self.assertEqual(*said)

    def test_ranges_of_images(self):
        """Images with the channels last, more of them than are turned round at once."""
        x = np.random.default_rng(5).normal(size=(SAMPLES, 3, 40, 40)).astype("f4")
        last = self.file(x=x.transpose(0, 2, 3, 1), y=self.classes)
        with h5py.File(last, "a") as f:
            f["x"].attrs["layout"] = "NHWC"
        flags = ["--train.epochs=1", "--optim.lr=0.001"]
        for text, part in [("", slice(None)), ("[2::2]", slice(2, None, 2))]:
            self.assertEqual(self.hash(last + text, 3, *flags), self.hash(self.file(x=x[part], y=self.classes[part]), 3, *flags))

    def test_shares(self):
        """The same samples at any number of ranks, others with another seed."""
        path = self.file(x=self.flat, y=self.classes)
        flags = ["--data.val_fraction=0.25", "--data.normalize=standard"]
        runs = [self.train(path, 3, *flags, ranks=ranks) for ranks in (None, 2, 3)]
        for run in runs:
            self.assertEqual(run.done["weights_hash"], runs[0].done["weights_hash"])
            self.assertEqual(run.of_kind("eval"), runs[0].of_kind("eval"))
            self.assertEqual(run.of_kind("eval")[-1]["count"], 75)
        self.assertNotEqual(self.hash(path, 3, *flags, "--data.split_seed=2"), runs[0].done["weights_hash"])

    def test_weights(self):
        """A sample of weight 0 is as good as not there, and only ratios of weights matter, up to rounding."""
        weights = np.arange(SAMPLES) % 3 * 0.5
        kept = weights > 0
        one_step = ["--train.epochs=1", "--train.virtual_ranks=1", "--data.normalize=none", "--optim.lr=0.01"]
        for loss, outputs, labels in [("cross_entropy", 3, self.classes), ("bce_with_logits", 2, self.binary),
                                      ("mse", 2, self.values / 1000)]:
            results = []
            for part, scale in [(slice(None), 1), (kept, 1), (kept, 8)]:
                path = self.file(x=self.flat[part], y=labels[part], w=weights[part] * scale)
                results.append(self.weights_of(self.train(path, outputs, f"--loss.name={loss}", "--data.weights=w",
                                                          f"--train.batch={len(self.flat[part])}", *one_step)))
            plain = self.weights_of(self.train(self.file(x=self.flat[kept], y=labels[kept]), outputs, f"--loss.name={loss}",
                                               f"--train.batch={kept.sum()}", *one_step))
            for other in results[1:]:
                for a, b in zip(results[0], other):
                    np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)  # sums of 300 float32 in another order
            self.assertGreater(abs(plain[0] - results[0][0]).max(), 1e-4)  # they do matter

    # ---- ranks ----

    def test_ranks(self):
        """A linear layer does not see how its inputs are cut into channels and axes; the normalisation does."""
        x = self.x.reshape(SAMPLES, 4, 6)
        shapes = {(24,): 24, (4, 6): 1, (1, 4, 6): 1, (2, 3, 4): 2, (2, 3, 2, 2): 2, (4, 1, 6): 4, (4, 1, 1, 6): 4}
        flat = self.hash(self.file(x=self.flat, y=self.classes), 3, "--data.normalize=none")
        for shape, channels in shapes.items():
            path = self.file(x=x.reshape(SAMPLES, *shape), y=self.classes)
            for ranks in (None, 3):
                with self.subTest(shape=shape, ranks=ranks):
                    self.assertEqual(self.hash(path, 3, "--data.normalize=none", ranks=ranks), flat)
                    run = self.train(path, 3, ranks=ranks)
                    rows = x.reshape(SAMPLES, channels, -1).astype("f8")
                    np.testing.assert_allclose(self.stored(run, "normalize/mean"), rows.mean(axis=(0, 2)), rtol=1e-5, atol=1e-6)
                    std = rows.std(axis=(0, 2))
                    np.testing.assert_allclose(self.stored(run, "normalize/std"), np.where(std == 0, 1, std), rtol=1e-5)

    def test_signals(self):
        """data.layout decides what (N,A,B) is: A channels of length B, or an image of one channel."""
        x = self.x.reshape(SAMPLES, 4, 6)
        path, images = self.file(x=x, y=self.classes), self.file(x=x[:, None], y=self.classes)
        volumes = self.file(x=x[:, :, None, None], y=self.classes)
        for train, flags, channels in [(path, [], 1), (path, ["--model.input=[4, 6]"], 1), (path, ["--model.input=[1, 4, 6]"], 1),
                                       (path, ["--data.layout=NCL"], 4), (path, ["--data.layout=NCL", "--model.input=[4, 6]"], 4),
                                       (path, ["--data.layout=NLC"], 6),
                                       (path, ["--model.input=[24]"], 1), (images, ["--model.input=[4, 6]"], 1),
                                       (volumes, [], 4), (volumes, ["--model.input=[4, 1, 1, 6]"], 4)]:
            with self.subTest(train=train, flags=flags):
                run = self.train(train, 3, *flags, f"--data.val={train}")
                self.assertEqual(len(self.stored(run, "normalize/mean")), channels)
                process = harness.run(["eval", run.final, "--data", train, "--json", self.path("eval.json")])
                self.assertEqual(process.returncode, 0, process.stderr)
                with open(self.path("eval.json")) as f:
                    self.assertEqual(json.load(f)["loss"], run.of_kind("eval")[-1]["loss"])
                again = harness.run(["train", self.path("config.yaml"), "-o", run.folder, *flags, f"--data.val={train}", "--train.epochs=3",
                                     "--resume=auto"])
                self.assertEqual(again.returncode, 0, again.stderr)
        self.refuse(3, "samples are 4 x 1 x 1 x 6 but the model takes", volumes, "--model.input=[4, 7]")

    # ---- normalisation ----

    def test_standard(self):
        """Every feature has mean 0 and deviation 1 over the training set, at any number of ranks."""
        cases = [(self.x, "", slice(None)), (self.x, "[17:261:2]", slice(17, 261, 2)),
                 (np.clip(self.x * 9 + 100, 0, 255).astype("u1"), "", slice(None))]
        for x, text, part in cases:
            path = self.file(x=x, y=self.classes)
            for ranks in (None, 3):
                run = self.train(path + text, 3, "--data.normalize=standard", "--train.epochs=0", ranks=ranks)
                rows = x[part].reshape(len(x[part]), -1).astype("f8")
                std = rows.std(axis=0)
                np.testing.assert_allclose(self.stored(run, "normalize/mean"), rows.mean(axis=0), rtol=1e-6, atol=1e-6)
                np.testing.assert_allclose(self.stored(run, "normalize/std"), np.where(std == 0, 1, std), rtol=1e-6)

    def test_standard_targets(self):
        """Training on standardised targets and on standardised ones from the file is the same, and errors are in original
        units; they are those of numpy."""
        mean, std = self.values.astype("f4").astype("f8").mean(axis=0), self.values.astype("f4").astype("f8").std(axis=0)
        flags = ["--loss.name=mse", "--train.epochs=8", "--optim.lr=0.05"]
        path = self.file(x=self.flat, y=self.values)
        run = self.train(path, 2, *flags, "--data.target_normalize=standard", f"--data.val={path}[::2]")
        np.testing.assert_allclose(self.stored(run, "targets/mean"), mean, rtol=1e-6)
        np.testing.assert_allclose(self.stored(run, "targets/std"), std, rtol=1e-6)
        by_hand = self.train(self.file(x=self.flat, y=(self.values - mean) / std), 2, *flags)
        for a, b in zip(self.weights_of(run), self.weights_of(by_hand)):
            np.testing.assert_allclose(a, b, atol=1e-4)  # 60 steps on targets that differ by their rounding, up to 1e-5
        weight, bias = self.weights_of(run)
        inputs = (self.flat - self.stored(run, "normalize/mean")) / self.stored(run, "normalize/std")
        predicted = (inputs @ weight.T + bias) * std + mean
        mse = ((predicted - self.values)[::2] ** 2).mean()
        process = harness.run(["eval", run.final, "--data", path + "[::2]", "--json", self.path("eval.json")])
        self.assertEqual(process.returncode, 0, process.stderr)
        with open(self.path("eval.json")) as f:
            self.assertAlmostEqual(json.load(f)["metrics"]["mse"] / mse, 1, delta=1e-3)
        self.assertAlmostEqual(run.of_kind("eval")[-1]["mse"] / mse, 1, delta=1e-3)


if __name__ == "__main__":
    unittest.main()
