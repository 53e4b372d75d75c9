"""The first promise: the same bits at any number of ranks, on one node or several, in any run."""
# processors: 2
import re
import unittest

import numpy as np

import harness

# Five steps an epoch, the last one of 8 samples: six for virtual rank 0, two for rank 1, none for the other six.
CONFIG = """
run: {{name: same-bits, seed: 7}}
data: {{train: {train}, val: "synthetic:2x12x12:5:77", normalize: {normalize}}}
model:
  input: [2, 12, 12]
  layers:
    - conv2d: {{out: 6, kernel: 3, padding: 1}}
    - relu
    - maxpool2d: 2
    - dropout: {dropout}
    - conv2d: {{out: 8, kernel: 3}}
    - relu
    - avgpool2d: 2
    - linear: 33
    - relu
{more}    - dropout: {dropout}
    - linear: 5
train: {{epochs: 2, batch: 48, virtual_ranks: 8}}
optim: {optim}
schedule: {{name: cosine, warmup_epochs: 1}}
log: {{every_steps: 1}}
"""

SGD = "{name: sgd, lr: 0.05, momentum: 0.9, weight_decay: 5.0e-4}"
SHORT_LAST = "synthetic:2x12x12:5:200"


class SameBits(harness.Case):
    def config(self, train=f'"{SHORT_LAST}"', normalize="none", dropout=0.25, optim=SGD, more=""):
        return self.write("config.yaml", CONFIG.format(train=train, normalize=normalize, dropout=dropout, optim=optim, more=more))

    def close(self, first, second, bound):
        a, b = harness.tensors(first.final), harness.tensors(second.final)
        for name in a:
            self.assertLessEqual(np.abs(a[name] - b[name]).max(), bound, name)
        for x, y in zip(first.of_kind("step") + first.of_kind("epoch"), second.of_kind("step") + second.of_kind("epoch")):
            self.assertAlmostEqual(x["loss"], y["loss"], delta=10 * bound)

    def test_any_number_of_ranks(self):
        config = self.config()
        one = self.train(config, 1)
        for ranks in (1, 2, 3, 4, 5, 7, 8):
            with self.subTest(ranks=ranks):
                self.same(one, self.train(config, ranks))

    def test_any_number_of_nodes(self):
        config = self.config()
        one = self.train(config, 1)
        for ranks, per_node in [(8, 1), (8, 2), (8, 3), (5, 1), (5, 2), (5, 3)]:
            with self.subTest(ranks=ranks, per_node=per_node):
                self.same(one, self.train(config, ranks, [f"--sync.ranks_per_node={per_node}"]))

    def test_parts_of_the_gradient(self):
        """Long enough for several buckets, which are updated between the layers of the backward pass."""
        config = self.config(more="    - linear: 2000\n    - relu\n    - linear: 70\n    - relu\n")
        one = self.train(config, 1)
        self.assertGreater(sum(t.size for t in harness.tensors(one.final).values()), 3 * 65536)
        for ranks, per_node in [(2, 0), (3, 0), (8, 0), (2, 1), (5, 2), (8, 3)]:
            with self.subTest(ranks=ranks, per_node=per_node):
                self.same(one, self.train(config, ranks, [f"--sync.ranks_per_node={per_node}"]))

    def test_adam(self):
        config = self.config(optim="{name: adam, lr: 0.01, weight_decay: 5.0e-4}")
        one = self.train(config, 1)
        self.assertEqual(len(harness.tensors(one.final, "optim")), 2 * len(harness.tensors(one.final)))
        for ranks, per_node in [(3, 0), (8, 0), (5, 2)]:
            with self.subTest(ranks=ranks, per_node=per_node):
                self.same(one, self.train(config, ranks, [f"--sync.ranks_per_node={per_node}"]))

    def test_every_optimizer(self):
        """With several buckets, so that the larger tensors are cut among blocks and ranks."""
        names = re.findall(r"^    (\w+):", harness.run(["help", "optimizers"]).stdout, re.M)
        self.assertGreaterEqual(len(names), 8)
        hashes = set()
        for name in names:
            config = self.config(optim=f"{{name: {name}, weight_decay: 1.0e-3}}", more="    - linear: 2000\n    - relu\n    - linear: 70\n")
            one = self.train(config, 1)
            hashes.add(one.done["weights_hash"])
            self.assertTrue(any(t.any() for t in harness.tensors(one.final, "optim").values()), f"{name}: no state")
            for ranks, per_node in [(3, 0), (5, 2)]:
                with self.subTest(optimizer=name, ranks=ranks, per_node=per_node):
                    self.same(one, self.train(config, ranks, [f"--sync.ranks_per_node={per_node}"]))
        self.assertEqual(len(hashes), len(names))

    def test_clipping_and_norms_of_tensors(self):
        """With several buckets, and in two passes for each virtual rank; every limit is felt, and no bias decays."""
        config = self.config(optim="{name: lamb, lr: 0.01, weight_decay: 0.1, decay_biases: false}",
                             more="    - linear: 2000\n    - relu\n    - linear: 70\n")
        flags = ["--train.accumulate=2", "--train.clip_norm=0.5", "--train.clip_value=0.005"]
        one = self.train(config, 1, flags)
        self.assertIn("48 global = 8 virtual ranks x 2 passes x 3 samples", one.process.stdout)
        for ranks, per_node in [(2, 0), (3, 0), (5, 0), (2, 1), (3, 2), (5, 1), (5, 2)]:
            with self.subTest(ranks=ranks, per_node=per_node):
                self.same(one, self.train(config, ranks, [*flags, f"--sync.ranks_per_node={per_node}"]))
        hashes = {one.done["weights_hash"]}
        for other in ("--train.clip_norm=0", "--train.clip_value=0", "--optim.decay_biases=true", "--train.accumulate=1"):
            hashes.add(self.train(config, 2, [*flags, other]).done["weights_hash"])
        self.assertEqual(len(hashes), 5)

    def test_passes_are_virtual_ranks(self):
        """The same slices in the same tree; only a virtual rank's batch statistics would tell them apart."""
        config = self.config()
        passes = self.train(config, 3, ["--train.virtual_ranks=4", "--train.accumulate=4"])
        for ranks in (1, 5):
            with self.subTest(ranks=ranks):
                self.same(passes, self.train(config, ranks, ["--train.virtual_ranks=16"]))

    def test_activations(self):
        """Each of them twice, behind a convolution and between linear layers."""
        kinds = ["leaky_relu: 0.2", "elu: 0.5", "gelu", "gelu: tanh", "silu", "softplus: {beta: 2}", "sigmoid", "tanh", "softmax",
                 "log_softmax"]
        more = "".join(f"    - {kind}\n    - linear: 20\n" for kind in kinds)
        with open(self.config(more=more), encoding="utf-8") as f:
            text = f.read()
        behind = "".join(f"    - {kind}\n" for kind in kinds)
        config = self.write("activations.yaml", text.replace("    - relu\n    - avgpool2d", behind + "    - avgpool2d"))
        one = self.train(config, 1)
        self.assertTrue(all(np.isfinite(t).all() for t in harness.tensors(one.final).values()))
        for ranks in (2, 3, 8):
            with self.subTest(ranks=ranks):
                self.same(one, self.train(config, ranks))

    def test_positions(self):
        """Poolings, other sizes of the axes, draws for channels and samples, parameters of channels."""
        layers = ["conv2d: {out: 6, kernel: 3}", "prelu: {num_parameters: 6, name: skip}", "maxpool2d: {kernel: 2, ceil_mode: true}",
                  "dropout2d: 0.2", "pad: {padding: [1, [0, 2]], mode: [constant, circular]}", "mish",
                  "maxpool2d: {kernel: [3, 2], stride: 1, dilation: 2}", "drop_path: {p: 0.3, name: deep}",
                  "upsample: {from: [deep, skip], mode: bilinear, name: wide}", "concat: {from: [wide, skip]}", "glu",
                  "avgpool2d: {kernel: 3, count_include_pad: false, padding: 1}", "affine", "relu6", "global_avgpool", "linear: 5"]
        with open(self.config(), encoding="utf-8") as f:
            text = f.read()
        start = text.index("  layers:\n") + len("  layers:\n")
        end = next(at for at in range(start, len(text)) if text[at - 1] == "\n" and text[at] != " ")
        config = self.write("positions.yaml", text[:start] + "".join(f"    - {layer}\n" for layer in layers) + text[end:])
        one = self.train(config, 1)
        for ranks in (2, 3, 8):
            with self.subTest(ranks=ranks):
                self.same(one, self.train(config, ranks))

    def every_way_of_a_convolution(self):
        """Lane by lane, Winograd's transform, panels of channels; relu between two convolutions; a strided one with padding."""
        return self.write("ways.yaml", CONFIG.format(train=f'"{SHORT_LAST}"', normalize="none", dropout=0.25, optim=SGD, more="").replace(
            "    - conv2d: {out: 8, kernel: 3}\n",
            "    - conv2d: {out: 16, kernel: 3, padding: 1}\n    - relu\n    - conv2d: {out: 20, kernel: 3, padding: 1}\n    - relu\n"
            "    - conv2d: {out: 18, kernel: 2, stride: 2, padding: 1}\n"))

    def test_every_way_of_a_convolution(self):
        config = self.every_way_of_a_convolution()
        one = self.train(config, 1)
        for ranks in (2, 3, 8):
            with self.subTest(ranks=ranks):
                self.same(one, self.train(config, ranks))

    def test_any_window(self):
        """Padding modes, dilation, groups, depthwise, transposed and 3-D convolutions, by our own kernels and through BLAS."""
        layers = ["conv2d: {out: 12, kernel: [3, 5], padding: [[1, 1], [2, 2]], padding_mode: [zeros, circular]}", "relu",
                  "conv2d: {out: 12, kernel: 3, padding: same, groups: 12}",
                  "conv2d: {out: 24, kernel: 3, padding: 2, dilation: 2, groups: 2}", "relu", "conv2d: {out: 16, kernel: 2, stride: 2}",
                  "conv_transpose2d: {out: 8, kernel: 2, stride: 2}", "relu", "conv3d: {out: 8, kernel: [1, 3, 3]}",
                  "linear: {out: 6, positions: true}"]
        with open(self.config(), encoding="utf-8") as f:
            head, rest = f.read().split("    - conv2d: {out: 8, kernel: 3}\n")
        config = self.write("windows.yaml", head + "".join(f"    - {layer}\n" for layer in layers) + "    - linear: 5\n"
                            + rest[rest.index("train:"):])
        ways = []
        for products in ("auto", "blas"):
            flags = [f"--run.products={products}"]
            ways.append(self.train(config, 1, flags))
            for ranks in (3, 8):
                with self.subTest(products=products, ranks=ranks):
                    self.same(ways[-1], self.train(config, ranks, flags))
        self.close(*ways, 2e-3)

    def test_slices_that_sgemm_takes(self):
        """Linear layers of more than 256 samples per virtual rank; the last batch leaves the second one a short slice."""
        flags = ["--train.batch=640", "--train.virtual_ranks=2"]
        config = self.config(train='"synthetic:2x12x12:5:1100"')
        self.same(self.train(config, 1, flags), self.train(config, 2, flags))

    def test_instruction_sets(self):
        """With slices of at most 256 samples all arithmetic is our own, and the same from v3 on."""
        with open("/proc/cpuinfo") as f:
            if "avx512bw" not in f.read():
                self.skipTest("a CPU of one level only")
        config = self.every_way_of_a_convolution()
        self.same(self.train(config, 2, ["--run.isa=v3"]), self.train(config, 1, ["--run.isa=v4"]))

    def test_real_file_with_normalization(self):
        import h5py
        random = np.random.RandomState(1)
        with h5py.File(self.path("train.h5"), "w") as f:
            f["images"] = random.randint(0, 256, (150, 2, 12, 12)).astype(np.uint8)
            f["labels"] = random.randint(0, 5, 150)
        config = self.config(self.path("train.h5"), "auto")
        one = self.train(config, 1, ["--data.val="])
        for ranks in (2, 3, 5):
            with self.subTest(ranks=ranks):
                self.same(one, self.train(config, ranks, ["--data.val="]))

    def test_allreduce_agrees_to_rounding(self):
        config = self.config()
        tree = self.train(config, 1)
        for ranks in (2, 3):
            with self.subTest(ranks=ranks):
                self.close(tree, self.train(config, ranks, ["--sync.method=allreduce"]), 1e-5)

    def test_slices_agree_with_the_whole_batch(self):
        """Dropout is keyed by the sample, so V virtual ranks compute what one does, in another order of additions."""
        config = self.config()
        whole = self.train(config, 1, ["--train.virtual_ranks=1"])
        for virtual in (2, 6, 8):
            with self.subTest(virtual_ranks=virtual):
                self.close(whole, self.train(config, min(virtual, 3), [f"--train.virtual_ranks={virtual}"]), 1e-5)

    def test_bits_do_depend_on_the_seed(self):
        config = self.config()
        self.assertNotEqual(self.train(config, 1).done["weights_hash"], self.train(config, 1, ["--run.seed=8"]).done["weights_hash"])


if __name__ == "__main__":
    unittest.main()
