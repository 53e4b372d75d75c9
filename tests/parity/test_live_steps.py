"""Twenty steps of every limit and optimizer that PyTorch has, against the PyTorch that is installed: two networks, from the same
weights, on the same data.

As in test_parity.py, float64 PyTorch is the truth, and the bound is 4 times what PyTorch's own float32 runs are apart from it; what
the limit does is at least 100 times that, so that a run without it would fail.
"""
import os
import sys
import unittest

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "e2e"), os.path.join(HERE, "..", "reference")]
import counter_random  # noqa: E402
import harness  # noqa: E402

try:
    import torch
    from torch import nn

    from cases_optim import NAdam
    MISSING = None
except ImportError as error:
    MISSING = f"{error.name} is not installed"

SEED, STEPS, BATCH, CLASSES, SIDE = 2, 20, 32, 10, 12
FACTOR, FELT, ULP = 4, 100, 2.0**-23

CONFIG = """
run: {{name: steps, seed: {seed}}}
data: {{train: "synthetic:1x{side}x{side}:{classes}:{samples}", normalize: none}}
model:
  layers:
{layers}
train: {{epochs: 1, batch: {batch}, shuffle: false{limits}}}
optim: {{{optim}}}
"""

if not MISSING:
    NETWORKS = {
        "mlp": (["linear: 64", "gelu", "linear: 48", "tanh", "linear: 10"],
                lambda: [nn.Flatten(), nn.Linear(SIDE * SIDE, 64), nn.GELU(), nn.Linear(64, 48), nn.Tanh(), nn.Linear(48, 10)]),
        "cnn": (["conv2d: {out: 6, kernel: 3}", "silu", "maxpool2d: 2", "conv2d: {out: 8, kernel: 3}", "elu", "linear: 10"],
                lambda: [nn.Conv2d(1, 6, 3), nn.SiLU(), nn.MaxPool2d(2), nn.Conv2d(6, 8, 3), nn.ELU(), nn.Flatten(),
                         nn.Linear(72, 10)]),
    }

    # What the configuration says, what limits the step, and PyTorch's optimizer.
    CASES = {
        "sgd": ("name: sgd, lr: 0.1, momentum: 0.9, nesterov: true, weight_decay: 0.01", dict(norm=0.3),
                lambda p: torch.optim.SGD(p, 0.1, 0.9, nesterov=True, weight_decay=0.01)),
        "sgd, values": ("name: sgd, lr: 0.3, momentum: 0.5, dampening: 0.2", dict(value=0.004),
                        lambda p: torch.optim.SGD(p, 0.3, 0.5, dampening=0.2)),
        "sgd, outputs": ("name: sgd, lr: 0.2, momentum: 0.9", dict(logits=0.2), lambda p: torch.optim.SGD(p, 0.2, 0.9)),
        "sgd, biases": ("name: sgd, lr: 0.1, momentum: 0.9, weight_decay: 0.1, decay_biases: false", dict(biases=True),
                        lambda p: torch.optim.SGD(p, 0.1, 0.9, weight_decay=0.1)),
        "adam": ("name: adam, lr: 0.003, eps: 1.0e-3, weight_decay: 0.01", dict(norm=0.05),
                 lambda p: torch.optim.Adam(p, 0.003, eps=1e-3, weight_decay=0.01)),
        "adamw": ("name: adamw, lr: 0.003, eps: 1.0e-3, weight_decay: 0.5, decay_biases: false", dict(biases=True),
                  lambda p: torch.optim.AdamW(p, 0.003, eps=1e-3, weight_decay=0.5)),
        "amsgrad": ("name: amsgrad, lr: 0.003, eps: 1.0e-3", dict(value=0.002),
                    lambda p: torch.optim.Adam(p, 0.003, eps=1e-3, amsgrad=True)),
        "radam": ("name: radam, lr: 0.003, eps: 1.0e-3", dict(value=0.002), lambda p: torch.optim.RAdam(p, 0.003, eps=1e-3)),
        "nadam": ("name: nadam, lr: 0.003, eps: 1.0e-3, momentum_decay: 0.01", dict(norm=0.05),
                  lambda p: NAdam(p, 0.003, (0.9, 0.999), 1e-3, momentum_decay=0.01)),
        "adadelta": ("name: adadelta, lr: 0.5, eps: 1.0e-3", dict(norm=0.05), lambda p: torch.optim.Adadelta(p, 0.5, eps=1e-3)),
        "rmsprop": ("name: rmsprop, lr: 0.001, eps: 1.0e-3, momentum: 0.5, centered: true", dict(norm=0.1, value=0.005),
                    lambda p: torch.optim.RMSprop(p, 0.001, eps=1e-3, momentum=0.5, centered=True)),
        "adagrad": ("name: adagrad, lr: 0.01, eps: 1.0e-3", dict(norm=0.1),
                    lambda p: torch.optim.Adagrad(p, 0.01, eps=1e-3)),
    }


def build(make, dtype):
    net = nn.Sequential(*make())
    parameters = list(net.parameters())
    with torch.no_grad():
        for number, p in enumerate(parameters):
            fan_in = parameters[number // 2 * 2][0].numel()
            p.copy_(torch.from_numpy(counter_random.initial_tensor(SEED, number, tuple(p.shape), fan_in)))
    return net.to(dtype)


def groups(net, spared):
    """Parameters for an optimizer, biases apart where they shall not decay."""
    if not spared:
        return net.parameters()
    of = [[p for p in net.parameters() if (p.dim() == 1) == vector] for vector in (False, True)]
    return [{"params": of[0]}, {"params": of[1], "weight_decay": 0}]


def train(make, optimizer_of, limits, dtype, mkldnn=True):
    """The final parameters, float64 numpy."""
    x, y = counter_random.synthetic(BATCH * STEPS, (1, SIDE, SIDE), CLASSES)
    x, y = torch.from_numpy(x).to(dtype), torch.from_numpy(y)
    net = build(make, dtype)
    optimizer = optimizer_of(groups(net, limits.get("biases")))
    bound = limits.get("logits", float("inf"))
    with torch.backends.mkldnn.flags(enabled=mkldnn):
        for i in range(STEPS):
            optimizer.zero_grad()
            outputs = nn.functional.hardtanh(net(x[i * BATCH:][:BATCH]), -bound, bound)
            nn.functional.cross_entropy(outputs, y[i * BATCH:][:BATCH]).backward()
            if "norm" in limits:
                nn.utils.clip_grad_norm_(net.parameters(), limits["norm"])
            if "value" in limits:
                nn.utils.clip_grad_value_(net.parameters(), limits["value"])
            optimizer.step()
    return [p.detach().double().contiguous().numpy() for p in net.parameters()]


def distance(one, other):
    return np.sqrt(sum(((a - b)**2).sum() for a, b in zip(one, other)))


@unittest.skipIf(MISSING, MISSING)
class LiveSteps(harness.Case):
    def run_program(self, network, case, ranks, more):
        optim, limits, _ = CASES[case]
        keys = {"norm": "clip_norm", "value": "clip_value", "logits": "clip_logits"}
        text = "".join(f", {keys[name]}: {value}" for name, value in limits.items() if name in keys)
        layers = "\n".join(f"    - {layer}" for layer in NETWORKS[network][0])
        config = self.write("config.yaml", CONFIG.format(seed=SEED, side=SIDE, classes=CLASSES, samples=BATCH * STEPS, layers=layers,
                                                         batch=BATCH, limits=text + more, optim=optim))
        found = harness.tensors(self.train(config, ranks).final)
        # layers in order, weight before bias
        return [found[name] for name in sorted(found, key=lambda n: (n.split("/")[0], n.endswith("bias")))]

    def compare(self, network, case):
        make, (_, limits, optimizer_of) = NETWORKS[network][1], CASES[case]
        truth = train(make, optimizer_of, limits, torch.float64)
        plain = train(make, optimizer_of, {}, torch.float64)
        float32 = [train(make, optimizer_of, limits, torch.float32, mkldnn) for mkldnn in (True, False)]
        bound = FACTOR * max(distance(run, truth) for run in float32) + ULP * distance(truth, [0] * len(truth))
        felt = distance(plain, truth)
        self.assertGreater(felt, FELT * bound, "the limit is not felt")
        for ranks, more in ((1, ", virtual_ranks: 2"), (3, ", virtual_ranks: 4, accumulate: 2")):
            weights = self.run_program(network, case, ranks, more)
            self.assertEqual([w.shape for w in weights], [t.shape for t in truth])
            mine = distance(weights, truth)
            print(f"{network} {case} np {ranks}: apart {mine:.1e}, allowed {bound:.1e}, the limit moves {felt:.1e}")
            self.assertLessEqual(mine, bound)

    def test_every_case(self):
        for case in CASES:
            for network in NETWORKS:
                with self.subTest(network=network, case=case):
                    self.compare(network, case)


if __name__ == "__main__":
    unittest.main()
