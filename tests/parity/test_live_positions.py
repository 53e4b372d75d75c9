"""Losses of labels with positions against the PyTorch that is installed: two steps of gradient descent with ddp_train and with torch
in float64, from the same weights, on the same images, at 1, 3 and 4 ranks. Losses and weights must agree to float32 rounding.

The network is one convolution. Batches are of 16 images and of 5, so that most virtual ranks of the second step have one or none.
Dice and sums of losses are of the whole global batch, as one process of PyTorch has it.
"""
import os
import sys
import unittest

import h5py
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "e2e"), os.path.join(HERE, "..", "reference")]
import counter_random  # noqa: E402
import harness  # noqa: E402

try:
    import torch

    import cases_positions
    from cases_loss import INDEX, MULTILABEL, PROBS, VALUES
except ImportError as error:
    torch, missing = None, str(error)
else:
    missing = None

ULP = 2.0**-24
BATCH, REST, CHANNELS, OUTPUTS, HEIGHT, WIDTH, RATE, SEED = 16, 5, 2, 3, 6, 7, 0.125, 3

CONFIG = """
run: {{name: positions, seed: {seed}}}
data: {{train: "{file}", y: {y}, normalize: none{weights}}}
model:
  layers:
    - conv2d: {{out: {outputs}, kernel: 3, padding: 1}}
loss:
{loss}
train: {{epochs: 1, batch: {batch}, shuffle: false, virtual_ranks: 8}}
optim: {{name: sgd, lr: {rate}}}
schedule: {{name: constant}}
log: {{every_steps: 1}}
"""


def cases():
    """Labels, their kind, losses with their scales, options, and the weights."""
    w = [2.0, 0.5, 1.25]
    return [("index", INDEX, {"cross_entropy": 1}, {}, None), ("ignored", INDEX, {"cross_entropy": 1}, {"ignore_index": 255, "weight": w}, "each"),
            ("index", INDEX, {"cross_entropy": 1}, {"weight": w, "mean_over": "labels"}, None), ("probs", PROBS, {"cross_entropy": 1}, {}, "samples"),
            ("masks", MULTILABEL, {"bce_with_logits": 1}, {"pos_weight": w}, "each"), ("values", VALUES, {"mse": 1}, {}, "each"),
            ("masks", MULTILABEL, {"focal": 1}, {"gamma": 1.5}, None), ("ignored", INDEX, {"focal": 1}, {"ignore_index": 255}, "samples"),
            ("masks", MULTILABEL, {"dice": 1}, {}, None), ("ignored", INDEX, {"dice": 1}, {"ignore_index": 255}, "each"),
            ("masks", MULTILABEL, {"bce_with_logits": 0.5, "dice": 0.5}, {}, None),
            ("ignored", INDEX, {"cross_entropy": 1, "dice": 2, "focal": 0.25}, {"ignore_index": 255}, "samples")]


@unittest.skipIf(torch is None, f"torch cannot be imported: {missing}")
class Positions(harness.Case):
    def setUp(self):
        super().setUp()
        random = np.random.default_rng(5)
        n, place = BATCH + REST, (HEIGHT, WIDTH)
        index = random.integers(0, OUTPUTS, (n, *place))
        probs = random.dirichlet(np.full(OUTPUTS, 0.7), (n, *place)).transpose(0, 3, 1, 2)
        with h5py.File(self.path("data.h5"), "w") as f:
            f["x"] = random.standard_normal((n, CHANNELS, *place)).astype(np.float32)
            f["index"], f["ignored"] = index.astype(np.uint8), np.where(random.random(index.shape) < 0.3, 255, index)
            f["masks"], f["probs"] = random.integers(0, 2, (n, OUTPUTS, *place)), probs.astype(np.float32)
            f["values"] = random.standard_normal((n, OUTPUTS, *place)).astype(np.float32)
            f["each"], f["samples"] = (random.integers(0, 8, index.shape) / 4).astype(np.float32), (random.integers(1, 8, n) / 4).astype(np.float32)

    def by_torch(self, y, kind, losses, options, weights):
        options = {**options, "mean_over": options.get("mean_over") == "labels"}
        known = {"cross_entropy": ("weight", "ignore_index", "mean_over"), "dice": ("ignore_index",), "focal": ("gamma", "ignore_index"),
                 "bce_with_logits": ("pos_weight",), "mse": ()}
        with h5py.File(self.path("data.h5"), "r") as f:
            x, target = (torch.from_numpy(f[key][()]) for key in ("x", y))
            factors = torch.from_numpy(f[weights][()]).double() if weights else torch.ones(len(x), 1, dtype=torch.float64)
        target = target.long().flatten(1) if kind == INDEX else target.double().flatten(2)
        factors = factors.flatten(1) if factors.dim() > 1 else factors[:, None]
        fan_in = CHANNELS * 9
        params = [torch.from_numpy(counter_random.initial_tensor(SEED, number, shape, fan_in)).double().requires_grad_()
                  for number, shape in enumerate([(OUTPUTS, CHANNELS, 3, 3), (OUTPUTS,)])]
        values, size = [], 0
        for batch in slice(0, BATCH), slice(BATCH, None):
            out = torch.nn.functional.conv2d(x[batch].double(), *params, padding=1).flatten(2)
            each = factors[batch].expand(len(out), out.shape[2])
            loss = sum(scale * cases_positions.value(name, {k: v for k, v in options.items() if k in known[name]}, kind, out, target[batch], each)
                       for name, scale in losses.items())
            values.append(loss.item())
            grads = torch.autograd.grad(loss, params)
            size = max(size, *(g.abs().max().item() for g in grads))
            with torch.no_grad():
                for p, g in zip(params, grads):
                    p -= RATE * g
        return values, [p.detach().numpy() for p in params], size

    def test_losses(self):
        known = {"cross_entropy": ("weight", "ignore_index", "mean_over"), "dice": ("ignore_index",), "focal": ("gamma", "ignore_index"),
                 "bce_with_logits": ("pos_weight",), "mse": ()}
        for i, (y, kind, losses, options, weights) in enumerate(cases()):
            want, params, size = self.by_torch(y, kind, losses, options, weights)
            text = ""
            for name, scale in losses.items():
                own = {k: v for k, v in options.items() if k in known[name]}
                text += "  - {" + ", ".join(f"{k}: {v}" for k, v in {"name": name, "scale": scale, **own}.items()) + "}\n"
            if len(losses) == 1:
                text = "  " + ", ".join(f"{k}: {v}" for k, v in {"name": name, **own}.items()).replace(", ign", "\n  ign").replace(
                    ", weight", "\n  weight").replace(", mean", "\n  mean").replace(", pos", "\n  pos").replace(", gamma", "\n  gamma") + "\n"
            config = self.write("run.yaml", CONFIG.format(seed=SEED, file=self.path("data.h5"), y=y, outputs=OUTPUTS, loss=text, batch=BATCH,
                                                          rate=RATE, weights=f", weights: {weights}" if weights else ""))
            with self.subTest(labels=y, losses=losses, weights=weights):
                result = self.train(config, (None, 3, 4)[i % 3])
                have = [line["loss"] for line in result.of_kind("step")]
                self.assertEqual(len(have), 2)
                for a, b in zip(have, want):  # sums of float32 terms, each some roundings from its products
                    self.assertLessEqual(abs(a - b), 64 * ULP * max(abs(b), 1))
                found = harness.tensors(result.final)
                for key, value in zip(sorted(found, key=lambda k: "bias" in k), params):
                    self.assertLessEqual(abs(found[key] - value).max(), 64 * ULP * max(RATE * size, 1), key)


if __name__ == "__main__":
    unittest.main()
