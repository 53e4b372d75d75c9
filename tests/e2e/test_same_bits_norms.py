"""Statistics of batches: the same bits at any number of ranks, whether they are a virtual rank's or the global batch's."""
# processors: 2
import os
import re
import unittest

import numpy as np

import harness

# Steps of 48 samples for 8 virtual ranks; the last one of an epoch has 8: six for virtual rank 0, two for 1, none for the others.
CONFIG = """
run: {{name: norms, seed: 7}}
data: {{train: "synthetic:2x12x12:5:{samples}", val: "synthetic:2x12x12:5:77", normalize: none}}
model:
  input: [2, 12, 12]
  layers:
    - conv2d: {{out: 6, kernel: 3, padding: 1, bias: false}}
    - batchnorm: {{sync: {sync}}}
    - relu: {{name: first}}
    - conv2d: {{out: 6, kernel: 3, padding: 1}}
    - batchnorm: {{sync: {sync}, momentum: null}}
    - add: {{from: [first, second]}}
    - groupnorm: 3
    - relu
    - avgpool2d: 2
    - instancenorm: {{affine: true, track_running_stats: true}}
    - layernorm: channels
    - linear: 33
    - batchnorm: {{sync: {sync}, affine: {affine}}}
    - relu
    - rmsnorm
    - linear: 5
train: {{epochs: 2, batch: 48, virtual_ranks: 8}}
optim: {{name: sgd, lr: 0.05, momentum: 0.9, weight_decay: 5.0e-4}}
log: {{every_steps: 1}}
"""
CONFIG = CONFIG.replace("momentum: null}}\n", "momentum: null, name: second}}\n")
FIGURES = ("loss", "accuracy", "lr", "count", "correct", "epoch", "step")
RANKS = [(2, 0), (3, 0), (5, 0), (8, 0), (5, 2), (8, 3)]


def figures(run):
    return [{k: line[k] for k in FIGURES if k in line} for kind in ("step", "epoch", "eval") for line in run.of_kind(kind)]


class SameBitsNorms(harness.Case):
    def config(self, sync, samples=200, affine="true"):
        return self.write("config.yaml", CONFIG.format(sync=sync, samples=samples, affine=affine))

    def same(self, first, second):
        self.assertEqual(figures(first), figures(second))
        a, b = harness.tensors(first.final), harness.tensors(second.final)
        self.assertEqual(sorted(a), sorted(b))
        for name in a:
            self.assertEqual(a[name].tobytes(), b[name].tobytes(), name)
            self.assertTrue(np.isfinite(a[name]).all(), name)
        moved = [name for name in a if re.search("running_(mean|var)$", name) and np.abs(a[name] - ("var" in name)).max() > 1e-3]
        self.assertEqual(len(moved), 8, moved)

    def sweep(self, config, flags=()):
        one = self.train(config, 1, flags)
        for ranks, per_node in RANKS:
            with self.subTest(ranks=ranks, per_node=per_node):
                self.same(one, self.train(config, ranks, [*flags, f"--sync.ranks_per_node={per_node}"]))
        return one

    def test_virtual_ranks(self):
        own = self.sweep(self.config("false"))
        sync = self.train(self.config("true"), 2)
        self.assertNotEqual(own.done["weights_hash"], sync.done["weights_hash"])

    def test_global_batch(self):
        self.sweep(self.config("true"))

    def test_losses_that_need_sums(self):
        for loss in ("{name: dice}", "[{name: cross_entropy, weight: 0.5}, {name: dice, weight: 0.5}]"):
            with open(self.config("false")) as f:
                config = self.write("loss.yaml", f.read() + f"loss: {loss}\n")
            self.sweep(config)

    def test_several_passes_of_a_virtual_rank(self):
        self.sweep(self.config("true"), ["--train.accumulate=3"])

    def test_one_sample_in_the_last_batch(self):
        """One value per channel behind the linear layer; with a bias that is all that remains."""
        for sync in ("false", "true"):
            config = self.config(sync, samples=97)
            one = self.train(config, 1)
            self.same(one, self.train(config, 3))

    def test_evaluation_by_its_own_batches(self):
        """The last block of 77 samples is not full: what stands beside them does not count."""
        with open(self.config("false")) as f:
            config = self.write("own.yaml", f.read().replace("affine: true}\n    - relu", "track_running_stats: false}\n    - relu"))
        with open(config) as f:
            self.assertIn("track_running_stats: false", f.read())
        one, three = self.train(config, 1), self.train(config, 3)
        self.assertEqual(figures(one), figures(three))
        self.assertTrue(np.isfinite([line["loss"] for line in one.of_kind("eval")]).all())

    def test_limits_and_large_tensors(self):
        flags = ["--train.clip_norm=0.5", "--optim.name=lamb", "--optim.lr=0.01"]
        config = self.config("true", affine="false")
        self.same(self.train(config, 1, flags), self.train(config, 5, flags))

    def test_the_batch_decides_not_its_cut(self):
        """Statistics over the global batch do not depend on the number of virtual ranks, but for rounding."""
        config = self.config("true", samples=192)
        a, b = (harness.tensors(self.train(config, 2, [f"--train.virtual_ranks={v}", "--train.epochs=1"]).final) for v in (3, 8))
        for name in a:
            self.assertLessEqual(np.abs(a[name] - b[name]).max(), 2e-4, name)

    def test_allreduce_agrees_to_rounding(self):
        config = self.config("true")
        flags = ["--train.epochs=1"]
        a, b = (harness.tensors(self.train(config, 3, [*flags, f"--sync.method={m}"]).final) for m in ("tree", "allreduce"))
        for name in a:
            self.assertLessEqual(np.abs(a[name] - b[name]).max(), 2e-4, name)

    def test_resumed_in_mid_epoch(self):
        config = self.config("true")
        whole = self.train(config, 2, ["--checkpoint.every_steps=3", "--checkpoint.keep=9"])
        folder = os.path.dirname(whole.final)
        middle = [f for f in sorted(os.listdir(folder)) if re.fullmatch(r"(?!final|best|last).*3.*\.h5", f)]
        self.assertTrue(middle, os.listdir(folder))
        again = self.train(config, 3, ["--checkpoint.every_steps=3", "--checkpoint.keep=9", "--train.epochs=2",
                                       f"--resume={os.path.join(folder, middle[0])}"])
        a, b = harness.tensors(whole.final), harness.tensors(again.final)
        for name in a:
            self.assertEqual(a[name].tobytes(), b[name].tobytes(), name)


if __name__ == "__main__":
    unittest.main()
