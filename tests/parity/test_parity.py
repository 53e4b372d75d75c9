"""Parity with PyTorch: a few networks, the same 20 steps, to float32 rounding.

tests/reference/make_reference.py says how the stored values came about and why the bound is 4 times the deviation that PyTorch's
own float32 runs have from float64. Beside it stand a few units in the last place, for what is stored or printed in float32.
"""
import json
import os
import sys
import unittest

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "e2e"), os.path.join(HERE, "..", "reference")]
import harness  # noqa: E402
from sketch import positions, rms, sketch  # noqa: E402

with open(os.path.join(HERE, "..", "reference", "parity.json")) as f:
    REFERENCE = json.load(f)

FACTOR = 4
ULP = 2.0**-23

CONFIG = """
run: {{name: parity, seed: {seed}}}
data: {{train: "synthetic:1x28x28:10:{samples}", normalize: none}}
model:
  input: [1, 28, 28]
  layers:
{layers}
train: {{epochs: 1, batch: {batch}, shuffle: false, virtual_ranks: {virtual_ranks}}}
optim: {{name: sgd, lr: {lr}, momentum: {momentum}, weight_decay: {weight_decay}}}
schedule: {{name: constant}}
log: {{every_steps: 1}}
"""


class Parity(harness.Case):
    def compare(self, name, ranks, virtual_ranks):
        net = REFERENCE["networks"][name]
        layers = "\n".join(f"    - {layer}" for layer in net["layers"])
        config = self.write(f"{name}.yaml", CONFIG.format(**{**REFERENCE, **net, "layers": layers}, virtual_ranks=virtual_ranks))
        result = self.train(config, ranks)

        losses = [line["loss"] for line in result.of_kind("step")]
        self.assertEqual(len(losses), REFERENCE["steps"])
        worst = max(abs(a - b) for a, b in zip(losses, net["losses"]))
        bound = FACTOR * net["float32_loss"] + 4 * ULP * max(net["losses"])
        print(f"{name} np {ranks} V {virtual_ranks}: loss apart {worst:.1e}, allowed {bound:.1e}")
        self.assertLessEqual(worst, bound)

        weights = harness.tensors(result.final)
        self.assertEqual(sorted(weights), sorted(t["name"] for t in net["tensors"]))
        for tensor in net["tensors"]:
            self.compare_tensor(tensor, weights[tensor["name"]])

    def compare_tensor(self, tensor, values):
        self.assertEqual(list(values.shape), tensor["shape"])
        flat = values.astype(np.float64).reshape(-1)
        stored = ULP * max(abs(v) for v in tensor["values"])
        with self.subTest(tensor=tensor["name"]):
            largest = abs(flat[positions(flat.size)] - tensor["values"]).max()
            self.assertLessEqual(largest, FACTOR * tensor["float32_max"] + 4 * stored)
            whole = rms(sketch(flat) - tensor["sketch"])
            self.assertLessEqual(whole, FACTOR * tensor["float32_l2"] + 4 * stored * np.sqrt(flat.size))

    def test_tutorial_network(self):
        self.compare("tutorial", 1, 1)
        self.compare("tutorial", 3, 8)

    def test_mlp(self):
        self.compare("mlp", 1, 2)
        self.compare("mlp", 3, 4)

    def test_cnn(self):
        self.compare("cnn", 1, 8)
        self.compare("cnn", 3, 4)

    def test_activations(self):
        for name in ("smooth", "bends"):
            self.compare(name, 1, 2)
            self.compare(name, 3, 4)


if __name__ == "__main__":
    unittest.main()
