"""The first promise for the networks people train: residual, U-shaped, 1-D and 3-D ones, with batch norm of one virtual rank and of the
whole batch, labels per position and averaged weights."""
# processors: 3
import os
import unittest

import harness

# An epoch's last batch has 8 samples, so that virtual ranks 2 to 7 are empty; the others have five or six.
COMMON = """
run: {name: networks, seed: 5}
train: {epochs: 2, batch: 44, virtual_ranks: 8}
optim: {name: sgd, lr: 0.02, momentum: 0.9, weight_decay: 5.0e-4}
checkpoint: {every_steps: 1, keep: 100}
log: {every_steps: 1}
"""

RESIDUAL = COMMON + """
data: {train: "synthetic:3x10x10:5:184", val: "synthetic:3x10x10:5:37"}
model:
  blocks:
    basic:
      args: {out: , stride: 1}
      layers:
        - conv2d: {out: $out, kernel: 3, stride: $stride, padding: 1, bias: false}
        - batchnorm: {sync: SYNC}
        - relu
        - conv2d: {out: $out, kernel: 3, padding: 1, bias: false}
        - batchnorm: {sync: SYNC, name: main}
        - conv2d: {out: $out, kernel: 1, stride: $stride, bias: false, from: in}
        - batchnorm: {sync: SYNC, name: skip}
        - add: {from: [main, skip]}
        - relu
  layers:
    - conv2d: {out: 6, kernel: 3, padding: 1, bias: false}
    - batchnorm: {sync: SYNC}
    - relu
    - basic: {out: 16, stride: 2}
    - dropout2d: 0.2
    - basic: {out: 7}
    - global_avgpool
    - linear: 5
"""

UNET = COMMON + """
data: {train: "synthetic:2x12x12:3@12x12:184", val: "synthetic:2x12x12:3@12x12:37"}
model:
  layers:
    - conv2d: {out: 5, kernel: 3, padding: same, padding_mode: [zeros, circular], bias: false}
    - batchnorm: {sync: SYNC}
    - relu: {name: skip}
    - maxpool2d: 2
    - conv2d: {out: 9, kernel: 3, padding: 2, dilation: 2}
    - groupnorm: 3
    - silu
    - conv_transpose2d: {out: 5, kernel: 2, stride: 2}
    - concat: {from: [skip]}
    - conv2d: {out: 8, kernel: 3, padding: 1}
    - batchnorm: {sync: SYNC}
    - relu
    - conv2d: {out: 3, kernel: 1}
loss: [{name: cross_entropy, weight: 0.5}, {name: dice, weight: 0.5}]
""".replace("from: [skip]", "from: [skip, up]").replace("kernel: 2, stride: 2}", "kernel: 2, stride: 2, name: up}")

VOLUME = COMMON + """
data: {train: "synthetic:1x6x5x4:real@3:184", val: "synthetic:1x6x5x4:real@3:37"}
model:
  layers:
    - conv3d: {out: 4, kernel: 3, padding: 1}
    - batchnorm: {sync: SYNC}
    - leaky_relu: 0.3
    - maxpool3d: {kernel: 2, ceil_mode: true}
    - conv3d: {out: 6, kernel: [2, 1, 2], stride: [1, 2, 1], groups: 2}
    - batchnorm: {sync: SYNC}
    - leaky_relu: 0.3
    - linear: 3
    - tanh
loss: {name: mse}
"""

SIGNAL = COMMON + """
data: {train: "synthetic:3x33:4:184", val: "synthetic:3x33:4:37"}
model:
  layers:
    - conv1d: {out: 6, kernel: 3, dilation: 2, padding: [4, 0], bias: false}
    - batchnorm: {sync: SYNC, momentum: 0.01}
    - relu: {name: stem}
    - conv1d: {out: 6, kernel: 3, dilation: 2, padding: [4, 0], groups: 6}
    - drop_path: 0.2
    - add: {from: [stem, step]}
    - relu
    - global_avgpool
    - linear: 4
""".replace("drop_path: 0.2", "drop_path: {p: 0.2, name: step}")

NETWORKS = {"residual": RESIDUAL, "unet": UNET, "volume": VOLUME, "signal": SIGNAL}


class SameBitsNetworks(harness.Case):
    def config(self, name, sync):
        return self.write(f"{name}-{sync}.yaml", NETWORKS[name].replace("SYNC", "true" if sync else "false"))

    def sweep(self, name, sync, splits, flags=()):
        config = self.config(name, sync)
        one = self.train(config, 1, flags)
        for ranks, per_node in splits:
            with self.subTest(network=name, sync=sync, ranks=ranks, per_node=per_node):
                self.same(one, self.train(config, ranks, [*flags, f"--sync.ranks_per_node={per_node}"]))
        return one

    def test_any_number_of_ranks(self):
        for name in NETWORKS:
            self.sweep(name, False, [(2, 0), (3, 0), (5, 2), (8, 3)])

    def test_statistics_of_the_whole_batch(self):
        """A rank of few runs its virtual ranks in several passes, each of which waits for the others at every batch norm."""
        for name in NETWORKS:
            self.sweep(name, True, [(2, 0), (3, 1), (5, 2), (8, 3)])

    def test_whose_statistics_matters(self):
        hashes = {self.train(self.config("residual", sync), 2).done["weights_hash"] for sync in (False, True)}
        self.assertEqual(len(hashes), 2)

    def test_averaged_weights(self):
        flags = ["--train.ema=0.9"]
        averaged = self.sweep("residual", False, [(3, 0), (5, 2)], flags)
        plain = self.train(self.config("residual", False), 2)
        self.assertEqual(averaged.done["weights_hash"], plain.done["weights_hash"], "they watch the weights and do not move them")
        self.assertNotEqual(averaged.of_kind("eval")[-1]["loss"], plain.of_kind("eval")[-1]["loss"])

    def test_interrupted_in_an_epoch(self):
        """Goes on from the middle of the second epoch on other ranks."""
        for name in NETWORKS:
            for sync in (False, True):
                with self.subTest(network=name, sync=sync):
                    config, flags = self.config(name, sync), ["--train.ema=0.9"]
                    whole = self.train(config, 2, flags)
                    middle = os.path.join(whole.folder, "checkpoints", "step-000000007.h5")
                    rest = self.train(config, 3, [*flags, "--sync.ranks_per_node=2", f"--resume={middle}"])
                    self.assertEqual(whole.done["weights_hash"], rest.done["weights_hash"])
                    for group in ("model", "optim", "ema"):
                        a, b = harness.tensors(whole.final, group), harness.tensors(rest.final, group)
                        self.assertEqual({k: v.tobytes() for k, v in a.items()}, {k: v.tobytes() for k, v in b.items()})


if __name__ == "__main__":
    unittest.main()
