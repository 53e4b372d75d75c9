"""train.sampler: draws with replacement, by class or by weight: the same at any rank count and in every store, and as often as they should."""
# processors: 2
import os
import unittest

import h5py
import numpy as np

import harness

CONFIG = """
data: {{train: {train}{more}}}
model: {{layers: [{{linear: 3}}]}}
train: {{epochs: 4, batch: 50, sampler: {sampler}}}
checkpoint: {{every_steps: 7, keep: 20}}
log: {{every_steps: 1}}
"""


class Sampler(harness.Case):
    """A few samples of a rare class among many."""

    def setUp(self):
        super().setUp()
        random = np.random.default_rng(3)
        self.y = np.where(np.arange(907) % 30 == 0, 2, np.arange(907) % 2)
        x = (random.standard_normal((907, 6)) + self.y[:, None]).astype("f4")
        self.w = np.where(self.y == 1, 0, random.random(907)).astype("f4")
        with h5py.File(self.path("data.h5"), "w") as f:
            f["x"], f["y"], f["w"], f["ones"], f["onehot"] = x, self.y, self.w, np.ones(907, "f4"), np.eye(3, dtype="f4")[self.y]
            f["real"] = random.random(907)

    def config(self, sampler, more=""):
        return self.write("c.yaml", CONFIG.format(train=self.path("data.h5"), sampler=sampler, more=more))

    def run_of(self, sampler, more="", ranks=None, flags=()):
        return self.train(self.config(sampler, more), ranks, flags)

    def test_same_bits(self):
        scratch, cluster = ["--data.store=scratch", f"--data.scratch_dir={self.folder}"], ["--data.store=cluster", "--sync.ranks_per_node=1"]
        for sampler, more, others in (("balanced", ", weights: w", ((2, []), (3, cluster))), ("weighted", ", weights: w, val_fraction: 0.2", ((5, []), (3, scratch)))):
            one = self.run_of(sampler, more)
            for ranks, flags in others:
                with self.subTest(sampler=sampler, ranks=ranks, flags=flags):
                    self.same(one, self.run_of(sampler, more, ranks, flags))
            point = os.path.join(one.folder, "checkpoints", "step-000000035.h5")
            self.assertTrue(os.path.exists(point), os.listdir(os.path.dirname(point)))
            self.assertEqual(self.run_of(sampler, more, 2, ["--resume", point]).done["weights_hash"], one.done["weights_hash"])

    def test_by_what(self):
        """Without weights by class; one-hot rows are classes; weights all alike draw, but weigh nothing."""
        balanced = self.run_of("balanced")
        self.same(balanced, self.run_of("weighted"))
        self.assertIn("each class equally often", balanced.process.stdout)
        onehot = self.run_of("balanced", ", y: onehot")
        self.assertEqual([s["accuracy"] for s in onehot.of_kind("epoch")], [s["accuracy"] for s in balanced.of_kind("epoch")])
        ones, once = self.run_of("weighted", ", weights: ones"), self.run_of("once")
        self.assertIn("by ones", ones.process.stdout)
        self.assertNotEqual(ones.done["weights_hash"], once.done["weights_hash"])
        self.assertNotEqual(self.run_of("weighted", ", weights: w").done["weights_hash"], self.run_of("balanced", ", weights: w").done["weights_hash"])

    def test_draws_of_a_sample_are_augmented_each_on_its_own(self):
        """Of the only sample with a weight, no two steps see the same noise; the same at any rank count."""
        with h5py.File(self.path("data.h5"), "r+") as f:
            f["single"] = (np.arange(907) == 17).astype("f4")
        more, flags = ", weights: single, augment: [{noise: 1}]", ["--optim.lr=1e-30"]
        run = self.run_of("weighted", more, None, flags)
        losses = [s["loss"] for s in run.of_kind("step")]
        self.assertEqual(len(set(losses)), len(losses))
        self.same(run, self.run_of("weighted", more, 3, flags))

    def test_eval_without_weights(self):
        """Weights by which samples were drawn do not weigh in an evaluation, unless they are named for it."""
        run = self.run_of("weighted", ", weights: w")
        plain, named = (harness.run(["eval", run.final, "--data", self.path("data.h5"), *more]) for more in ((), ("--weights", "w")))
        self.assertEqual((plain.returncode, named.returncode), (0, 0), plain.stderr + named.stderr)
        self.assertNotEqual(plain.stdout, named.stdout)

    def test_validation_without_weights(self):
        """What data.val_fraction sets aside is all evaluated, even where no sample of it would ever be drawn."""
        with h5py.File(self.path("data.h5"), "r+") as f:
            f["single"] = (np.arange(907) == 17).astype("f4")
        run = self.run_of("weighted", ", weights: single, val_fraction: 0.1")
        self.assertEqual([line["count"] for line in run.of_kind("eval")], [91] * 4)
        with h5py.File(self.path("data.h5"), "r+") as f:
            f["none"] = np.zeros(907, "f4")
        process = harness.run(["train", self.config("weighted", ", weights: none"), "-o", self.path("no")])
        self.assertEqual(process.returncode, 3, process.stderr)
        self.assertIn("all weights are 0", process.stderr)

    def test_refused(self):
        for sampler, more, code, part in (("balanced", ", store: window", 2, "use data.store: node, cluster or scratch"),
                                          ("balanced", ", y: real", 2, "have no class each"), ("often", "", 2, "once, weighted, balanced")):
            with self.subTest(sampler=sampler, more=more):
                loss = ["--loss.name=mse", "--model.layers=[{linear: 1}]"] if "real" in more else []
                process = harness.run(["train", self.config(sampler, more), "-o", self.path("no"), *loss])
                self.assertEqual(process.returncode, code, process.stderr)
                self.assertIn(part, process.stderr)
        run = self.run_of("once")
        process = harness.run(["train", self.config("balanced"), "-o", run.folder, "--resume", "auto", "--train.epochs=5"])
        self.assertEqual(process.returncode, 2, process.stderr)
        self.assertIn("train.sampler: was once, is balanced", process.stderr)
        process = harness.run(["train", self.config("balanced"), "-o", self.path("no"), "--train.shuffle=false"])
        self.assertEqual(process.returncode, 2, process.stderr)
        self.assertIn("leave out train.shuffle", process.stderr)


if __name__ == "__main__":
    unittest.main()
