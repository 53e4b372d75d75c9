"""Weights of other programs start a run here: files that PyTorch, NumPy and safetensors write, and HDF5 laid out as Keras does.

A ResNet-20 and a U-Net of PyTorch, with random weights and statistics, give PyTorch's outputs here, and training goes on from there.
"""
import json
import os
import struct
import sys
import unittest

import h5py
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "networks"), os.path.join(HERE, "..", "export")]
import harness  # noqa: E402
import packages  # noqa: E402

try:
    import torch
    from torch import nn
    from torch.nn import functional as F
    import torch_networks
    MISSING = None
except ImportError as error:
    MISSING = f"{error.name} is not installed"
NETWORKS = os.path.join(HERE, "..", "networks")
SAMPLES = 8

KERAS = """
model:
  layers:
    - conv2d: {out: 6, kernel: 3, padding: 1}
    - batchnorm: {eps: 0.001}
    - relu
    - conv2d: {out: 12, kernel: 3, padding: 1, groups: 6}
    - relu
    - flatten
    - linear: 7
    - relu
    - linear: 3
train: {batch: 8}
"""


def randomize(net):
    """Statistics and norms that differ from their initial values."""
    torch.manual_seed(3)
    with torch.no_grad():
        for module in net.modules():
            if hasattr(module, "running_mean"):
                for tensor in module.running_mean, module.bias:
                    tensor.normal_(0, 0.1)
                for tensor in module.running_var, module.weight:
                    tensor.uniform_(0.5, 1.5)
    return net.eval()


def write_safetensors(path, state):
    """As safetensors writes float32: sorted by name."""
    names, offset, header = sorted(state), 0, {"__metadata__": {"format": "pt"}}
    for name in names:
        kind = {torch.float32: "F32", torch.int64: "I64"}[state[name].dtype]
        size = state[name].numel() * state[name].element_size()
        header[name] = {"dtype": kind, "shape": list(state[name].shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(state[name].contiguous().numpy().tobytes() for name in names))


@unittest.skipIf(MISSING, MISSING)
class Import(harness.Case):
    def setUp(self):
        super().setUp()
        torch.set_num_threads(1)

    def data(self, shape, labels):
        """Features in PyTorch's shape, kept in a set of this program."""
        x = np.random.default_rng(5).normal(size=(SAMPLES, *shape)).astype(np.float32)
        with h5py.File(self.path("set.h5"), "w") as f:
            f["x"], f["y"] = x, labels
        return torch.from_numpy(x)

    def tool(self, *arguments):
        done = harness.run(arguments)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done

    def start(self, config, file, *flags, epochs=0):
        flags = (f"--data.train={self.path('set.h5')}", "--data.normalize=none", "--train.virtual_ranks=1", f"--train.batch={SAMPLES}",
                 f"--train.epochs={epochs}", "--init-from", file, *flags)
        return self.train(config, flags=flags)

    def predict(self, run):
        self.tool("predict", run.final, "--data", self.path("set.h5"), "--out", self.path("p.h5"), "--force")
        with h5py.File(self.path("p.h5")) as f:
            return f["logits"][:]

    def check_outputs(self, net, x, run):
        with torch.no_grad():
            expected, exact = net(x).numpy(), net.to(torch.float64)(x.double()).numpy()
        net.to(torch.float32)
        bound = 8 * np.abs(expected - exact).max() + 1e-6 * np.abs(exact).max()
        found = self.predict(run)
        self.assertLessEqual(np.abs(found.reshape(exact.shape) - exact).max(), bound)

    def check_training(self, net, x, y, config, file, *flags):
        """The first loss is that of PyTorch in training mode."""
        with torch.no_grad():
            loss = F.cross_entropy(net.train()(x), torch.from_numpy(y)).item()
        run = self.start(config, file, *flags, "--log.every_steps=1", epochs=2)
        self.assertAlmostEqual(run.of_kind("step")[0]["loss"], loss, delta=1e-4 * loss)

    # ---- PyTorch ----

    def files(self, net):
        """The same weights in files of all kinds, by what is special about them."""
        state = net.state_dict()
        torch.save(state, self.path("plain.pt"))
        wide = {"module." + k: v.contiguous(memory_format=torch.channels_last) if v.dim() == 4 else v for k, v in state.items()}
        torch.save({"epoch": 3, "lr": 0.1, "optimizer": {"state": {0: {"exp_avg": torch.zeros(3)}}}, "state_dict": wide},
                   self.path("nested.pth"), pickle_protocol=4)
        torch.save(net.half().state_dict(), self.path("half.pt"))
        net.float()  # what has been rounded stays so: all files after it are the same
        state = net.state_dict()
        np.savez_compressed(self.path("packed.npz"), **{k: np.asfortranarray(v.numpy()) for k, v in state.items()})
        np.savez(self.path("unnamed.npz"), *[v.numpy() for k, v in state.items() if v.dim()])
        write_safetensors(self.path("own.safetensors"), state)
        return ["packed.npz", "unnamed.npz", "own.safetensors"]

    def test_resnet(self):
        config = os.path.join(NETWORKS, "r20.yaml")
        y = np.arange(SAMPLES) % 10
        x = self.data((3, 32, 32), y)
        net = randomize(torch_networks.make("r20", (3, 32, 32)))
        same = self.files(net)  # they differ from plain.pt and nested.pth by the rounding of half.pt
        first = self.start(config, self.path("plain.pt"), "--init-strict")
        self.assertEqual(self.start(config, self.path("nested.pth"), "--init-strict").done["weights_hash"], first.done["weights_hash"])
        half = self.start(config, self.path("half.pt"), "--init-strict")
        for name in same:
            with self.subTest(name):
                self.assertEqual(self.start(config, self.path(name), "--init-strict").done["weights_hash"], half.done["weights_hash"])
        self.check_outputs(net, x, half)
        self.check_training(net, x, y, config, self.path("own.safetensors"))

    def test_unet(self):
        """Sorted by name the decoder stands before the encoder: a map puts it right."""
        config = os.path.join(NETWORKS, "unet2d.yaml")
        y = np.random.default_rng(6).integers(0, 2, (SAMPLES, 32, 32))
        x = self.data((1, 32, 32), y)
        net = randomize(torch_networks.make("unet2d", (1, 32, 32)))
        torch.save(net.state_dict(), self.path("unet.pt"))
        write_safetensors(self.path("unet.safetensors"), net.state_dict())
        run = self.start(config, self.path("unet.pt"), "--init-strict")
        self.check_outputs(net, x, run)
        self.check_training(net, x, y, config, self.path("unet.pt"), "--model.freeze=[skip0*]")
        refused = harness.run(["train", config, "-o", self.path("no"), "--init-from", self.path("unet.safetensors")])
        self.assertEqual(refused.returncode, 2)
        self.assertIn("--init-map FILE can rename them", refused.stderr)
        rows = [line.split() for line in run.process.stdout.splitlines() if " loaded from " in line]
        pairs = [(row[row.index("from") + 1].rstrip(","), row[0]) for row in rows]
        self.assertEqual(len(pairs), sum(v.dim() > 0 for v in net.state_dict().values()))
        for name, form in ("map.txt", "{} {}"), ("map.yaml", "{}: {}"):
            self.write(name, "# theirs, ours\n" + "\n".join(form.format(*pair) for pair in pairs))
            mapped = self.start(config, self.path("unet.safetensors"), "--init-strict", "--init-map", self.path(name))
            self.assertEqual(mapped.done["weights_hash"], run.done["weights_hash"])

    def test_other_head(self):
        """A head of another size keeps its initial values, unless strict; both shapes are named."""
        x = self.data((4,), np.arange(SAMPLES) % 3)
        net = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 9))
        torch.save(net.state_dict(), self.path("net.pt"))
        config = self.write("c.yaml", "model: {layers: [linear: {out: 5, name: body}, relu, linear: {out: 3, name: head}]}\n")
        run = self.start(config, self.path("net.pt"))
        rows = {line.split()[0]: line for line in run.process.stdout.splitlines() if line.startswith("  ")}
        self.assertIn("(5, 4)", rows["body.weight"])
        self.assertIn("loaded from 0.weight, by order", rows["body.weight"])
        self.assertRegex(rows["head.weight"], r"\(3, 5\) +not loaded, keeps its initial values: 2.weight in the file has shape \(9, 5\)")
        np.testing.assert_array_equal(harness.tensors(run.final)["00.body/weight"], net[0].weight.detach().numpy())
        strict = harness.run(["train", config, "-o", self.path("s"), f"--data.train={self.path('set.h5')}", "--init-from", self.path("net.pt"),
                              "--init-strict", "--train.batch=8"])
        self.assertEqual(strict.returncode, 3)
        self.assertIn("--init-strict: 2 tensors of the model are not loaded", strict.stderr)
        self.assertIn("(9, 5)", strict.stderr)
        self.assertIn("loaded from 0.weight", strict.stdout)
        self.write("m.yaml", '---\n"0.*": body.*\n"2.*": ~\n')
        left = harness.run(["train", config, "-o", self.path("s"), f"--data.train={self.path('set.h5')}", "--init-from", self.path("net.pt"),
                            "--init-map", self.path("m.yaml"), "--init-strict", "--train.batch=8"])
        self.assertIn("2 tensors of the model are not loaded and 0 of the file not used", left.stderr)
        own = harness.run(["train", config, "-o", self.path("s"), f"--data.train={self.path('set.h5')}", "--init-from", run.final,
                           "--init-map", self.path("m.yaml"), "--train.batch=8"])
        self.assertIn("is a checkpoint", own.stderr)
        self.assertEqual(self.start(config, run.final, "--init-strict").done["weights_hash"], run.done["weights_hash"])
        self.assertEqual(x.shape[1], 4)

    def test_safetensors(self):
        """What safetensors itself writes, and what `export` writes of it, come in with the same bits."""
        save = packages.needs("safetensors.torch").save_file
        self.data((4,), np.arange(SAMPLES) % 3)
        net = randomize(nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.Linear(5, 3)))
        state = net.state_dict()
        wide = {k: v.to({0: torch.float64, 1: torch.bfloat16}[k.startswith("2")]) if v.dim() else v for k, v in state.items()}
        config = self.write("c.yaml", "model: {layers: [linear: 5, batchnorm, linear: {out: 3, name: head}]}\n")
        save(wide, self.path("theirs.safetensors"))
        run = self.start(config, self.path("theirs.safetensors"), "--init-strict")
        held = harness.tensors(run.final)
        np.testing.assert_array_equal(held["00.linear/weight"], state["0.weight"].numpy())
        np.testing.assert_array_equal(held["01.batchnorm/running_var"], state["1.running_var"].numpy())
        np.testing.assert_array_equal(held["02.head/weight"], state["2.weight"].bfloat16().float().numpy())
        self.tool("export", run.final, self.path("ours.safetensors"))
        again = self.start(config, self.path("ours.safetensors"), "--init-strict")
        self.assertEqual(again.done["weights_hash"], run.done["weights_hash"])

    def test_refused(self):
        """What is no state_dict is refused by the name of what it needs, and nothing of it is executed."""
        self.data((4,), np.arange(SAMPLES) % 3)
        config = self.write("c.yaml", "model: {layers: [linear: 3]}\n")
        torch.save(nn.Linear(4, 3), self.path("module.pt"))
        torch.save({"state_dict": nn.Linear(4, 3).state_dict(), "left": os.path.join}, self.path("function.pt"))
        torch.save(nn.Linear(4, 3).state_dict(), self.path("old.pt"), _use_new_zipfile_serialization=False)
        np.savez(self.path("objects.npz"), a=np.array([{}], dtype=object))
        for name, code, text in (("module.pt", 3, "needs the Python class torch.nn.modules.linear.Linear"),
                                 ("function.pt", 3, "needs the Python class posixpath.join"),
                                 ("old.pt", 3, "holds no weights that this program can read"),
                                 ("objects.npz", 2, "none of its 1 tensors matches"), ("none.pt", 3, "none.pt")):
            with self.subTest(name):
                done = harness.run(["train", config, "-o", self.path("r"), f"--data.train={self.path('set.h5')}", "--train.batch=8",
                                    "--init-from", self.path(name)], ranks=2 if name == "module.pt" else None)
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertIn(text, done.stderr)
        usage = harness.run(["train", config, "--init-strict"])
        self.assertEqual(usage.returncode, 2)

    # ---- Keras ----

    def keras_net(self):
        torch.manual_seed(7)
        return randomize(nn.Sequential(
            nn.Conv2d(2, 6, 3, padding=1), nn.BatchNorm2d(6, eps=1e-3), nn.ReLU(), nn.Conv2d(6, 12, 3, padding=1, groups=6), nn.ReLU(),
            nn.Flatten(), nn.Linear(12 * 5 * 4, 7), nn.ReLU(), nn.Linear(7, 3)))

    def keras_weights(self, net):
        """[(layer, [(name, array)])] as Keras holds them: channels last, outputs of a kernel last."""
        def array(tensor):
            return tensor.detach().numpy()
        conv, norm, depth, first, last = (net[i] for i in (0, 1, 3, 6, 8))
        flat = array(first.weight).reshape(7, 12, 5, 4).transpose(2, 3, 1, 0).reshape(-1, 7)
        return [("conv2d", [("kernel", array(conv.weight).transpose(2, 3, 1, 0)), ("bias", array(conv.bias))]),
                ("batch_normalization", [("gamma", array(norm.weight)), ("beta", array(norm.bias)),
                                         ("moving_mean", array(norm.running_mean)), ("moving_variance", array(norm.running_var))]),
                ("depthwise_conv2d", [("depthwise_kernel", array(depth.weight).reshape(6, 2, 3, 3).transpose(2, 3, 0, 1)),
                                      ("bias", array(depth.bias))]),
                ("dense", [("kernel", flat), ("bias", array(first.bias))]),
                ("dense_1", [("kernel", array(last.weight).T), ("bias", array(last.bias))])]

    def test_keras(self):
        x = self.data((2, 5, 4), np.arange(SAMPLES) % 3)
        config, net = self.write("c.yaml", KERAS), self.keras_net()
        layers = self.keras_weights(net)
        with h5py.File(self.path("older.h5"), "w") as f:  # a whole model; Keras 2
            weights = f.create_group("model_weights")
            weights.attrs["layer_names"] = [name.encode() for name, _ in layers]
            for layer, arrays in layers:
                weights.create_group(layer).attrs["weight_names"] = [f"{layer}/{name}:0".encode() for name, _ in arrays]
                for name, value in arrays:
                    weights[f"{layer}/{layer}/{name}:0"] = value
            f["optimizer_weights/iteration:0"] = 3
        with h5py.File(self.path("newer.weights.h5"), "w") as f:  # Keras 3
            for layer, arrays in layers:
                for i, (_, value) in enumerate(arrays):
                    f[f"layers/{layer}/vars/{i}"] = value
            f["optimizer/vars/0"] = 3
        runs = [self.start(config, self.path("older.h5"), "--init-strict")]
        self.check_outputs(net, x, runs[0])
        names = "conv2d depthwise_conv2d"
        runs.append(self.start(config, self.path("newer.weights.h5"), "--init-strict"))
        self.assertEqual(runs[0].done["weights_hash"], runs[1].done["weights_hash"])

    def test_keras_norm_behind_flatten(self):
        """A norm between flatten and dense has its numbers in the order of the image, too."""
        x = self.data((2, 5, 4), np.arange(SAMPLES) % 3)
        config = self.write("c.yaml", "model: {layers: [conv2d: {out: 6, kernel: 3}, flatten, batchnorm: {eps: 0.001}, linear: 3]}\n")
        torch.manual_seed(9)
        net = randomize(nn.Sequential(nn.Conv2d(2, 6, 3), nn.Flatten(), nn.BatchNorm1d(36, eps=1e-3), nn.Linear(36, 3)))
        conv, norm, dense = net[0], net[2], net[3]
        with torch.no_grad():
            last = [v.reshape(6, 3, 2).permute(1, 2, 0).reshape(-1) for v in (norm.weight, norm.bias, norm.running_mean, norm.running_var)]
            kernel = dense.weight.reshape(3, 6, 3, 2).permute(2, 3, 1, 0).reshape(-1, 3)
            layers = (("conv2d", [conv.weight.permute(2, 3, 1, 0), conv.bias]), ("batch_normalization", last), ("dense", [kernel, dense.bias]))
        with h5py.File(self.path("norm.weights.h5"), "w") as f:
            for layer, arrays in layers:
                for i, value in enumerate(arrays):
                    f[f"layers/{layer}/vars/{i}"] = value.detach().numpy()
        self.check_outputs(net, x, self.start(config, self.path("norm.weights.h5"), "--init-strict"))

    def test_keras_statistics_alone(self):
        """Two numbered weights of a batch norm without factors are its statistics."""
        self.data((4,), np.arange(SAMPLES) % 3)
        config = self.write("c.yaml", "model: {layers: [batchnorm: {affine: false, name: batch_normalization}, linear: {out: 3, bias: false, name: dense}]}\n")
        with h5py.File(self.path("two.weights.h5"), "w") as f:
            f["layers/batch_normalization/vars/0"], f["layers/batch_normalization/vars/1"] = np.full(4, 2, "f4"), np.full(4, 3, "f4")
            f["layers/dense/vars/0"] = np.ones((4, 3), "f4")
        held = harness.tensors(self.start(config, self.path("two.weights.h5"), "--init-strict").final)
        np.testing.assert_array_equal(held["00.batch_normalization/running_mean"], np.full(4, 2))
        np.testing.assert_array_equal(held["00.batch_normalization/running_var"], np.full(4, 3))

    def test_sorted(self):
        """Layers of equal shapes in a file that is sorted by names: a warning; not where names decide. No heading without a list."""
        self.data((4,), np.arange(SAMPLES) % 4)
        layers = "linear: {out: 4, bias: false, name: fc1}, linear: {out: 4, bias: false, name: fc2}"
        config = self.write("c.yaml", f"model: {{layers: [{layers}]}}\n")
        for names, warns in (("body", "stem"), True), (("fc1", "fc2"), False):
            write_safetensors(self.path("two.safetensors"), {f"{name}.weight": torch.ones(4, 4) for name in names})
            run = self.start(config, self.path("two.safetensors"), "--init-strict")
            self.assertEqual("is sorted by names" in run.process.stderr, warns, run.process.stderr)
        self.write("bad.txt", "one\n")
        bad = harness.run(["train", config, "-o", self.path("s"), f"--data.train={self.path('set.h5')}", "--train.batch=8",
                           "--init-from", self.path("two.safetensors"), "--init-map", self.path("bad.txt")])
        self.assertIn("expects two words", bad.stderr)
        self.assertNotIn("initial weights from", bad.stdout)


if __name__ == "__main__":
    unittest.main()
