"""`export` to safetensors: the file, its own reader, and what all formats have in common: messages, replacing, ranks."""
import json
import os
import unittest

import h5py
import numpy as np

import exported
import packages
import safetensors_file
from packages import harness

SAMPLES = 24
CONFIG = """
run: {{name: 'a "quoted" \\ name', seed: 7}}
data: {{train: "{data}", normalize: auto}}
model:
  layers: [{{conv2d: {{out: 4, kernel: 3}}}}, {{batchnorm: {{name: block.0.norm}}}}, relu, {{linear: 3}}]
loss: {{name: cross_entropy}}
train: {{epochs: 2, batch: 8, virtual_ranks: 2}}
"""


class Safetensors(exported.Case):
    def setUp(self):
        super().setUp()
        random = np.random.default_rng(5)
        data = self.data("data.h5", random.integers(0, 256, (SAMPLES, 2, 6, 5)).astype(np.uint8), random.integers(0, 3, SAMPLES))
        with h5py.File(data, "a") as f:
            f["y"].attrs["class_names"] = ["cat", "dög", '"']
        self.checkpoint = self.trained(self.write("net.yaml", CONFIG.format(data=data)))
        self.file = self.export(self.checkpoint, "model.safetensors")

    def test_the_file(self):
        header, values = safetensors_file.read(self.file)
        ours = harness.tensors(self.checkpoint)
        names = {"00.conv2d": "00_conv2d", "01.block.0.norm": "block.0.norm", "03.linear": "03_linear"}
        expected = {".".join((names[path.split("/")[0]], path.split("/")[1])): value for path, value in ours.items()}
        self.assertEqual(int(values.pop("block.0.norm.num_batches_tracked")), 6)
        self.assertEqual(set(values), set(expected))
        for name, value in expected.items():
            self.assertTrue(np.array_equal(values[name], value), name)
        facts = header["__metadata__"]
        self.assertEqual(json.loads(facts["class_names"]), ["cat", "dög", '"'])
        self.assertEqual((facts["name"], facts["task"], facts["step"]), ('a "quoted" \\ name', "classes", "6"))
        normal = json.loads(facts["normalization"])
        with h5py.File(self.checkpoint) as f:
            self.assertTrue(np.array_equal(np.float32(normal["mean"]), f["normalize/mean"][()]))
            self.assertEqual(facts["weights_hash"], f"{f.attrs['weights_hash']:016x}")

    def test_with_its_own_reader(self):
        load_file = packages.needs("safetensors.numpy").load_file
        _, values = safetensors_file.read(self.file)
        theirs = load_file(self.file)
        self.assertEqual(set(theirs), set(values))
        for name, value in values.items():
            self.assertTrue(np.array_equal(theirs[name], value), name)

    def refuse(self, code, message, *words):
        process = harness.run(["export", *words])
        self.assertEqual(process.returncode, code)
        self.assertEqual(len(harness.error_lines(process.stderr)), 1, process.stderr)
        self.assertIn(message, process.stderr)

    def test_messages(self):
        self.refuse(2, "exists already; choose another name, or --force to replace it", self.checkpoint, self.file)
        self.refuse(2, "its ending tells no format; set --format to one of safetensors, pytorch, onnx", self.checkpoint, self.path("model.bin"))
        self.refuse(2, "--format: 'keras' is none of safetensors, pytorch, onnx", self.checkpoint, self.path("model"), "--format", "keras")
        self.refuse(2, "is a folder, but safetensors is a file", self.checkpoint, self.folder, "--format", "safetensors")
        self.refuse(3, "data.h5", self.path("data.h5"), self.path("other.safetensors"))
        self.refuse(1, "cannot be written: No such file or directory", self.checkpoint, self.path("no/where.safetensors"))
        self.refuse(1, "cannot be created: No such file or directory", self.checkpoint, self.path("no/where"))
        self.refuse(2, "usage: ddp_train export CHECKPOINT OUT", self.checkpoint)
        self.refuse(1, "cannot be written: No space left on device", self.checkpoint, "/dev/full", "--format", "safetensors")
        self.refuse(2, "pytorch has no --probabilities", self.checkpoint, self.path("model"), "--probabilities")
        self.assertFalse([name for name in os.listdir(self.folder) if ".tmp." in name])

    def test_names_that_meet(self):
        """A layer without a name is its number and kind, which may be the name of another."""
        layers = "[{linear: {out: 5, name: 01_linear}}, {linear: 3}]"
        config = self.write("meet.yaml", f"data: {{train: 'synthetic:4:3:64'}}\nmodel: {{layers: {layers}}}\ntrain: {{epochs: 0, batch: 16}}\n")
        checkpoint = self.train(config).final
        self.refuse(2, "layers 0 and 1 would both be '01_linear' in other programs", checkpoint, self.path("meet.safetensors"))

    def test_replacing(self):
        """--force writes the same bytes again, in place of a file and of a folder."""
        with open(self.file, "rb") as f:
            first = f.read()
        self.export(self.checkpoint, "model.safetensors", "--force")
        with open(self.file, "rb") as f:
            self.assertEqual(f.read(), first)
        self.export(self.checkpoint, "folder")
        self.refuse(2, "exists already", self.checkpoint, self.path("folder"))
        self.export(self.checkpoint, "folder", "--force")
        self.assertEqual(sorted(os.listdir(self.path("folder"))), ["model.py", "weights.pt"])

    def test_two_ranks(self):
        process = harness.run(["export", self.checkpoint, self.path("two.safetensors")], 2)
        self.assertEqual(process.returncode, 0, process.stderr)
        with open(self.file, "rb") as a, open(self.path("two.safetensors"), "rb") as b:
            self.assertEqual(a.read(), b.read())


if __name__ == "__main__":
    unittest.main()
