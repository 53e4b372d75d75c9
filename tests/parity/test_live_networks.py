"""Twenty steps of the networks people train against the PyTorch that is installed, from the same weights, on the same data.

tests/networks holds them, as configurations and in PyTorch; here some are smaller, so that float64 takes seconds. The program's first
weights come out of a run of no epochs and go into PyTorch in the order of the layers. As in test_live_steps.py, float64 PyTorch is the
truth, and the bound is 4 times what PyTorch's own float32 runs are apart from it: for losses, weights, and running statistics. Dropout
is off, as its random numbers differ. Batch norm has one virtual rank, the batch of one process; with `sync: true`, which gives the
statistics of that batch at any number of virtual ranks, there are four.
"""
# processors: 2
import os
import re
import sys
import unittest

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", folder) for folder in ("e2e", "reference", "networks")]
import counter_random  # noqa: E402
import harness  # noqa: E402

try:
    import torch
    from torch import nn
    import torch_networks
    MISSING = None
except ImportError as error:
    MISSING = f"{error.name} is not installed"

STEPS, FACTOR, ULP = 20, 4, 2.0**-23
FELT = 10  # times what is apart must be moved; Adam also moves weights whose gradients are rounding, by the sign of it (tcn)
SGD = "{name: sgd, lr: 0.02, momentum: 0.9, weight_decay: 1.0e-4}"
SLOW = "{name: sgd, lr: 5.0e-5, momentum: 0.9, weight_decay: 1.0e-4}"  # of deep networks with batch norm rounding grows fast
ADAM = "{name: adam, lr: 0.001, eps: 1.0e-3}"


class Case:
    def __init__(self, shape, labels, batch, optim=SGD, change=(), **more):
        self.shape, self.labels, self.batch, self.optim, self.change, self.more = shape, labels, batch, optim, change, more

    def data(self):
        """Features and labels as tensors."""
        samples, (kind, *dims) = STEPS * self.batch, re.split("[@x]", self.labels)
        dims = [int(d) for d in dims]
        x, _ = counter_random.synthetic(samples, self.shape, 1)
        classes = int(kind) if kind.isdigit() else 0
        w = counter_random.synthetic_labels(samples, int(np.prod(dims)) if dims else 1)
        if classes:
            y = (w % np.uint32(classes)).astype(np.int64).reshape(samples, *dims)
        elif kind == "probs":
            w = w[:, :np.prod(dims[1:], dtype=int)]
            rest = (w >> np.uint32(16) & np.uint32(255)) / 512
            hot = np.eye(dims[0])[w % np.uint32(dims[0])]
            y = np.moveaxis(hot * (1 - rest[..., None]) + np.roll(hot, 1, -1) * rest[..., None], -1, 1).reshape(samples, *dims)
        else:
            y = (2 * counter_random.unit(w) - 1 if kind == "real" else w >> np.uint32(31)).astype(np.float32).reshape(samples, *dims)
        return torch.from_numpy(x), torch.from_numpy(y)


with open(os.path.join(HERE, "..", "networks", "mbv2.yaml")) as f:
    MOBILE = f.read()  # shorter here: at its full depth PyTorch's own float32 runs part within twenty steps

CASES = {
    "r20": Case((3, 16, 16), "10", 16, SLOW),
    "unet2d": Case((1, 32, 32), "2@32x32", 4, SLOW),
    "cosmoflow": Case((4, 32, 32, 32), "real@4", 2, SGD, ("32 * 2 ** $i", "8 * 2 ** $i"), width=8),
    "phasenet": Case((3, 3000), "probs@3x3000", 2, SLOW),
    "basset": Case((4, 150), "bits@164", 8),
    "mbv2": Case((3, 16, 16), "10", 16, SLOW, (MOBILE[MOBILE.index("    - stage: {in: 32"):MOBILE.index("    - cb: 1280")],
                                               "    - inverted: {in: 32, out: 320}\n"),
                 stages=[(1, 16, 1, 1), (6, 24, 2, 1), (6, 32, 3, 2), (6, 320, 1, 1)]),
    "tcn": Case((3, 128), "10", 4, ADAM),
    "tab": Case((64,), "10", 32, ADAM),
    "weather": Case((2, 16, 16), "real@2x16x16", 4, ADAM),
    "climsim": Case((124,), "real@128", 16),
    "unet3d": Case((1, 8, 16, 16), "bits@1x8x16x16", 2, SLOW),
}
SYNC = ("r20", "unet2d", "basset", "tab")  # also with batch norm over the global batch
LOSSES = {"real": lambda y, t: nn.functional.mse_loss(y, t), "bits": lambda y, t: nn.functional.binary_cross_entropy_with_logits(y, t)}


def bce_and_dice(y, t):
    axes = [0, *range(2, y.dim())]
    p = y.sigmoid()
    dice = 1 - 2 * (p * t).sum(axes) / ((p * p).sum(axes) + (t * t).sum(axes)).clamp(min=1e-6)
    return nn.functional.binary_cross_entropy_with_logits(y, t) + dice.mean()


def optimizer(text, parameters):
    found = {key: float(value) for key, value in re.findall(r"(\w+): ([-.0-9e]+)", text)}
    if "sgd" in text:
        return torch.optim.SGD(parameters, found["lr"], found["momentum"], weight_decay=found["weight_decay"])
    return torch.optim.Adam(parameters, found["lr"], eps=found["eps"])


def train(name, case, first, dtype, mkldnn=True):
    """Losses, final parameters, and final running statistics, in float64 numpy."""
    x, y = case.data()
    net = torch_networks.make(name, case.shape, **case.more)
    for module in net.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    parameters = torch_networks.ordered(net)
    with torch.no_grad():
        for p, values in zip(parameters, first):
            p.copy_(torch.from_numpy(values))
    net = net.to(dtype).train()
    step = optimizer(case.optim, net.parameters())
    loss_of = bce_and_dice if name == "unet3d" else LOSSES.get(case.labels[:4], nn.functional.cross_entropy)
    losses = []
    with torch.backends.mkldnn.flags(enabled=mkldnn):
        for i in range(STEPS):
            part = slice(i * case.batch, (i + 1) * case.batch)
            step.zero_grad()
            target = y[part] if y.dtype == torch.int64 else y[part].to(dtype)
            loss = loss_of(net(x[part].to(dtype)), target)
            loss.backward()
            step.step()
            losses.append(loss.item())
    statistics = [b for b in torch_networks.ordered(net, "buffers") if b.dim()]
    return [[p.detach().double().numpy() for p in found] for found in ([torch.tensor(losses)], parameters, statistics)]


def distance(one, other):
    return np.sqrt(sum(((a - b)**2).sum() for a, b in zip(one, other)))


@unittest.skipIf(MISSING, MISSING)
class LiveNetworks(harness.Case):
    def configuration(self, name, case, virtual_ranks=1, sync=False):
        with open(os.path.join(HERE, "..", "networks", f"{name}.yaml")) as f:
            text = f.read()
        if case.change:
            self.assertIn(case.change[0], text)
            text = text.replace(*case.change)
        text = re.sub(r"dropout: 0\.\d+", "dropout: 0", text)
        text = re.sub(r"(?m)^optim: .*$", f"optim: {case.optim}\nlog: {{every_steps: 1}}", text)
        text = re.sub(r"(?m)^train: .*$", f"train: {{epochs: 1, batch: {case.batch}, shuffle: false, virtual_ranks: {virtual_ranks}}}", text)
        if sync:
            text = re.sub(r"\bbatchnorm\b", "{batchnorm: {sync: true}}", text)
        shape = "x".join(map(str, case.shape))
        return re.sub(r'train: "synthetic:.*?"', f'train: "synthetic:{shape}:{case.labels}:{STEPS * case.batch}"', text)

    def tensors(self, run):
        """Learned ones and running statistics, in the order of the layers."""
        found = harness.tensors(run.final)
        order = ["weight", "bias", "running_mean", "running_var"]
        names = sorted(found, key=lambda n: (n.split("/")[0], order.index(n.split("/")[1])))
        return ([found[n] for n in names if "running" not in n], [found[n] for n in names if "running" in n])

    def compare(self, name, case):
        config = self.write(f"{name}.yaml", self.configuration(name, case))
        first, _ = self.tensors(self.train(config, flags=["--train.epochs=0"]))
        truth = train(name, case, first, torch.float64)
        self.assertEqual([p.shape for p in first], [t.shape for t in truth[1]])
        shorter = [train(name, case, first, torch.float32, mkldnn) for mkldnn in (True, False)]
        runs = {name: self.train(config)}
        if name in SYNC:
            config = self.write(f"{name}.yaml", self.configuration(name, case, 4, sync=True))
            runs[f"{name}, sync"] = self.train(config, 2)
        for title, run in runs.items():
            self.close(title, run, first, truth, shorter)

    def close(self, title, run, first, truth, shorter):
        mine = [[np.array([line["loss"] for line in run.of_kind("step")])], *self.tensors(run)]
        for i, what in enumerate(("losses", "weights", "statistics")):
            bound = FACTOR * max(distance(s[i], truth[i]) for s in shorter) + ULP * distance(truth[i], [0] * len(truth[i]))
            apart = distance(mine[i], truth[i])
            print(f"{title}: {what} apart {apart:.1e}, allowed {bound:.1e}")
            self.assertEqual([a.shape for a in mine[i]], [t.shape for t in truth[i]])
            self.assertLessEqual(apart, bound, f"{title}: {what}")
        self.assertGreater(distance(truth[1], first), FELT * distance(mine[1], truth[1]), f"{title}: nothing was learned")

    def test_every_network(self):
        for name, case in CASES.items():
            with self.subTest(network=name):
                self.compare(name, case)


if __name__ == "__main__":
    unittest.main()
