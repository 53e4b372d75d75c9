"""`export` to PyTorch and safetensors: the folder's Model gives what `predict` writes, for layers of every kind, and says the same of
classes, labels and values; safetensors' own reader finds the same weights."""
import json
import os
import re
import subprocess
import unittest

import h5py
import numpy as np

import exported
import harness
import networks

torch = exported.torch
SHAPES = {0: (4,), 1: (4, 11), 2: (4, 9, 7), 3: (4, 5, 6, 5)}
LAYOUTS = ("auto", "NCL", "NCHW", "NCDHW")
CONFIG = """
run: {{seed: 7}}
data: {{train: "{data}", normalize: none, layout: {layout}}}
model:
  layers:
{layers}
loss: {{name: cross_entropy}}
train: {{epochs: 1, batch: {samples}, virtual_ranks: 1}}
optim: {{name: sgd, lr: 0.01}}
"""


@unittest.skipIf(exported.MISSING, exported.MISSING)
class Layers(exported.Case):
    SAMPLES = 6

    def compare(self, layers, shape, **more):
        """Trains a network for a step, and compares its outputs with those of the exported one."""
        x = np.random.default_rng(3).standard_normal((self.SAMPLES, *shape)).astype(np.float32)
        data = self.data("data.h5", x, np.zeros(self.SAMPLES, np.int64))
        config = self.write("net.yaml", CONFIG.format(data=data, layers=layers, samples=self.SAMPLES,
                                                      layout=LAYOUTS[len(shape) - 1]))
        checkpoint = self.trained(config)
        ours = self.predict(checkpoint, data)["logits"]
        model = exported.load(self.export(checkpoint, "model"))
        with torch.no_grad():
            single, parts = outputs_of(model, torch.tensor(x))
            double, truth = outputs_of(model.double(), torch.tensor(x).double())
        first = 0
        for name, one, exact in zip(parts, parts.values(), truth.values()):
            part = slice(first, first + one.shape[1])
            self.close(ours[:, part], one, exact, name)
            first += one.shape[1]
        self.assertIn(first, (0, ours.shape[1]))
        self.close(ours, single, double, "all outputs")

    def layers(self, axes):
        self.compare(networks.network(axes), SHAPES[axes])

    def test_layers_without_axes(self):
        self.layers(0)

    def test_layers_of_signals(self):
        self.layers(1)

    def test_layers_of_images(self):
        self.layers(2)

    def test_layers_of_volumes(self):
        self.layers(3)

    def test_every_kind_is_there(self):
        listed = harness.run(["help", "layers"]).stdout
        kinds = set(re.findall(r"^    ([a-z0-9_]+)(?: \(or [^)]*\))?:", listed, re.M))
        tried = {text.split(":")[0] for axes in SHAPES for text in networks.branches(axes)}
        self.assertEqual(kinds, tried)


def outputs_of(model, x):
    """All outputs, and those of each branch of networks.py by its text."""
    found = {}
    for name, module in model.named_modules():
        if re.fullmatch("out[0-9]+", name):
            module.register_forward_hook(lambda m, i, y, name=name: found.update({name: y.numpy()}))
    y = model(x).numpy()
    texts = networks.branches(len(x.shape) - 2) if found else []
    return y, {texts[int(name[3:])]: found[name] for name in sorted(found, key=lambda name: int(name[3:]))}


if __name__ == "__main__":
    unittest.main()
