"""What a run decides by itself, at any rank count alike: to skip a step, to end early, to lower the rate, which weights are the best."""
import math
import os
import unittest

import numpy as np

import harness

DIVERGED = 4

CONFIG = """
run: {{name: decisions, seed: 4}}
data: {{train: "{train}", val: "{val}", normalize: none}}
model:
  layers:
    - linear: 24
    - tanh
    - linear: 5
train: {{epochs: {epochs}, batch: 64, virtual_ranks: 4, shuffle: false}}
optim: {{name: adam, lr: {lr}, weight_decay: 0.01}}
"""
DATA = "synthetic:20x1x1:5:256"
MANY = "synthetic:20x1x1:5:300"


SKIPPED, EVALUATED = "not finite in 6 steps in a row (train.max_bad_steps)", f"{MANY}: the loss is not finite"


def epochs_of(folder):
    return sorted(os.listdir(os.path.join(folder, "checkpoints")))


class Decisions(harness.Case):
    def config(self, train=DATA, val=MANY, epochs=3, lr=0.01):
        return self.write("config.yaml", CONFIG.format(train=train, val=val, epochs=epochs, lr=lr))

    def arrays(self):
        random = np.random.RandomState(5)
        labels = random.randint(0, 5, 320)
        x = random.standard_normal((320, 20)).astype(np.float32)
        x[np.arange(320), labels] += 2
        return x, labels

    def store(self, name, x, labels):
        import h5py
        with h5py.File(self.path(name), "w") as f:
            f["x"], f["y"] = x, labels
        return self.path(name)

    def same_weights(self, first, second):
        a, b = harness.tensors(first.final), harness.tensors(second.final)
        self.assertTrue(a)
        for name in a:
            self.assertEqual(a[name].tobytes(), b[name].tobytes(), name)


class Skipping(Decisions):
    def test_a_batch_without_targets_leaves_no_trace(self):
        """Neither momentum nor decay moves a weight: the run ends in the bits of one that never saw those samples."""
        x, labels = self.arrays()
        ignored = labels.copy()
        ignored[64:192] = -100
        keep = np.r_[0:64, 192:320]
        sparse, dense = self.store("sparse.h5", x, ignored), self.store("dense.h5", x[keep], labels[keep])
        with_gaps = self.train(self.config(sparse), 3)
        without = self.train(self.config(dense), 1)
        self.same_weights(with_gaps, without)
        for mine, other in zip(with_gaps.of_kind("epoch"), without.of_kind("epoch")):
            self.assertEqual(mine["empty_steps"], 2)
            self.assertNotIn("bad_steps", mine)
            self.assertNotIn("empty_steps", other)
            self.assertEqual((mine["loss"], mine["accuracy"]), (other["loss"], other["accuracy"]))
        self.assertEqual(with_gaps.process.stdout.count(", 2 steps skipped"), 3)
        self.assertNotIn("skipped", without.process.stdout)

    def test_steps_that_are_not_finite_are_skipped_and_counted(self):
        """A batch of huge features is skipped in every epoch, on all ranks, and the others go on as without it."""
        x, labels = self.arrays()
        broken = x.copy()
        broken[90:110] *= 1e37
        keep = np.r_[0:64, 128:320]
        config = self.config(self.store("broken.h5", broken, labels))
        # tanh would make a finite loss even of that
        with open(config, encoding="utf-8") as f:
            config = self.write("linear.yaml", f.read().replace("    - tanh\n", ""))
        runs = [self.train(config, ranks) for ranks in (1, 3)]
        healthy = self.train(config, 2, [f"--data.train={self.store('healthy.h5', x[keep], labels[keep])}"])
        for run in runs:
            self.same_weights(run, healthy)
            self.assertEqual([e.get("bad_steps") for e in run.of_kind("epoch")], [1, 1, 1])
            self.assertEqual([e["loss"] for e in run.of_kind("epoch")], [e["loss"] for e in healthy.of_kind("epoch")])
            self.assertEqual(run.process.stdout.count(", 1 step skipped"), 3)

    def test_divergence_ends_with_a_name_and_leaves_the_good_checkpoints(self):
        """A step multiplies the weights by about -1000: in the third epoch of four steps they overflow."""
        for ranks, val, words in ((1, "", SKIPPED), (3, "", SKIPPED), (1, MANY, EVALUATED), (3, MANY, EVALUATED)):
            with self.subTest(ranks=ranks, val=val):
                folder = self.path(f"run{ranks}{val[:5]}")
                flags = ["--optim.name=sgd", "--optim.weight_decay=100", "--train.max_bad_steps=6", f"--data.val={val}"]
                process = harness.run(["train", self.config(epochs=9, lr=10), "-o", folder, *flags], ranks)
                self.assertEqual(process.returncode, DIVERGED, process.stderr)
                lines = harness.error_lines(process.stderr)
                self.assertEqual(len(lines), 1, process.stderr)
                self.assertIn(words, lines[0])
                self.assertRegex(lines[0], r"first (in|bad value is in) the (output|gradient) of model.layers\[\d\] \(linear\)")
                names = epochs_of(folder)
                self.assertIsNotNone(harness.checkpoint_of_epoch(folder, 2))
                self.assertNotIn("final.h5", names)
                for name in names:
                    for tensor in harness.tensors(os.path.join(folder, "checkpoints", name)).values():
                        self.assertTrue(np.isfinite(tensor).all(), name)


class Ending(Decisions):
    def first_stale(self, values, patience, min_delta=0.0):
        """The epoch with which a run of these losses ends, from 1."""
        best, stale = math.inf, 0
        for epoch, value in enumerate(values, 1):
            better = best - value > min_delta if epoch > 1 else True
            best, stale = (value, 0) if better else (best, stale + 1)
            if stale >= patience:
                return epoch
        return len(values)

    def test_early_stop(self):
        whole = self.train(self.config(epochs=25, lr=0.05), 1)
        losses = [e["loss"] for e in whole.of_kind("eval")]
        expected = self.first_stale(losses, 3, 0.01)
        self.assertTrue(3 < expected < 25, losses)
        flags = ["--train.early_stop=val.loss", "--train.patience=3", "--train.min_delta=0.01"]
        runs = [self.train(self.config(epochs=25, lr=0.05), ranks, flags) for ranks in (1, 3)]
        for run in runs:
            self.assertEqual([e["loss"] for e in run.of_kind("eval")], losses[:expected])
            self.assertIn("early stop: val.loss has not improved on", run.process.stdout)
            self.assertIn("final.h5", epochs_of(run.folder))
            self.assertNotIn(f"epoch-{expected:04d}.h5", epochs_of(run.folder))
        self.same_weights(*runs)

    def test_early_stop_by_a_metric_that_grows(self):
        flags = ["--train.early_stop=val.f1", "--train.patience=2"]
        whole = self.train(self.config(epochs=20, lr=0.05), 1)
        scores = [e["f1"] for e in whole.of_kind("eval")]
        expected = self.first_stale([-f for f in scores], 2)
        self.assertTrue(2 < expected < 20, scores)
        runs = [self.train(self.config(epochs=20, lr=0.05), ranks, flags) for ranks in (1, 3)]
        for run in runs:
            self.assertEqual(len(run.of_kind("epoch")), expected)
        self.same_weights(*runs)

    def test_the_best_checkpoint_by_any_metric(self):
        x, labels = self.arrays()
        other = np.where(np.arange(320) % 3 > 0, labels, (labels + 1) % 5)  # a set on which too much trust does harm
        train, val = self.store("train.h5", x, labels), self.store("val.h5", x, other)
        for metric, sign, lr in (("f1", 1, 0.2), ("loss", -1, 0.02), ("log_loss", -1, 0.02)):
            with self.subTest(metric=metric):
                run = self.train(self.config(train, val, epochs=12, lr=lr), 2,
                                 [f"--checkpoint.best=val.{metric}", "--checkpoint.keep=12"])
                values = [sign * e[metric] for e in run.of_kind("eval")]
                best = values.index(max(values)) + 1  # the first of equal ones
                self.assertTrue(1 < best < 12, values)
                kept = harness.tensors(os.path.join(run.folder, "checkpoints", "best.h5"))
                same = harness.tensors(harness.checkpoint_of_epoch(run.folder, best))
                for name in kept:
                    self.assertEqual(kept[name].tobytes(), same[name].tobytes(), name)

    def test_the_best_checkpoint_without_a_val_set(self):
        kept = []
        for best in ("auto", "train.loss"):
            run = self.train(self.config(epochs=3), 2, ["--data.val=", f"--checkpoint.best={best}"])
            kept.append(os.path.exists(os.path.join(run.folder, "checkpoints", "best.h5")))
        self.assertEqual(kept, [False, True])
        for best in ("val.f1", "nonsense"):
            process = harness.run(["check", self.config(), "--data.val=", f"--checkpoint.best={best}"], 2)
            self.assertEqual(process.returncode, 2)
            self.assertIn("train.loss", harness.error_lines(process.stderr)[0])

    def test_no_metric_of_that_name(self):
        for flag in ("--train.early_stop=val.f2", "--checkpoint.best=f1", "--schedule.metric=val.roc"):
            with self.subTest(flag=flag):
                process = harness.run(["train", self.config(), "-o", self.path("refused"), "--schedule.name=reduce_on_plateau", flag], 2)
                self.assertEqual(process.returncode, 2)
                line = harness.error_lines(process.stderr)[0]
                self.assertIn(flag[2:].split("=")[0], line)
                self.assertIn("available: train.loss, train.accuracy, val.loss, val.accuracy, ", line)
                self.assertIn("val.f1", line)


class Plateau(Decisions):
    def test_the_rate_drops_where_torch_drops_it(self):
        """ReduceLROnPlateau (mode min, relative threshold), written out, on the run's own losses."""
        flags = ["--schedule.name=reduce_on_plateau", "--schedule.factor=0.5", "--schedule.patience=1", "--schedule.threshold=0.02",
                 "--schedule.cooldown=1"]
        for metric, sign in (("val.loss", 1), ("train.loss", 1), ("val.accuracy", -1)):
            with self.subTest(metric=metric):
                one, three = [self.train(self.config(epochs=14, lr=0.1), ranks, [*flags, f"--schedule.metric={metric}"])
                              for ranks in (1, 3)]
                split, name = metric.split(".")
                values = [e[name] for e in one.of_kind("eval" if split == "val" else "epoch")]
                rates, best, bad, cooldown, lr = [], None, 0, 0, 0.1
                for value in values:
                    rates.append(lr)
                    limit = None if best is None else best * (0.98 if sign == 1 else 1.02)
                    better = best is None or (value < limit if sign == 1 else value > limit)
                    best, bad = (value, 0) if better else (best, bad + 1)
                    if cooldown:
                        cooldown, bad = cooldown - 1, 0
                    if bad > 1:
                        lr, bad, cooldown = lr * 0.5, 0, 1
                self.assertGreater(len(set(rates)), 2, values)
                found = [e["lr"] for e in one.of_kind("epoch")]
                np.testing.assert_allclose(found, rates, rtol=1e-12)
                self.assertEqual(found, [e["lr"] for e in three.of_kind("epoch")])
                self.same_weights(one, three)


if __name__ == "__main__":
    unittest.main()
