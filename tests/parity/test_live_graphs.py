"""Networks with branches against the PyTorch that is installed: a residual network, a densely connected block, an inception block, a
U-shaped network with three concatenations, a value read by four layers, and a chain of 300 layers.

One step of plain SGD with rate 1 from the same weights changes them by the gradient. As in test_parity.py, float64 PyTorch is the
truth, and the bound is 4 times what PyTorch's own float32 runs are apart from it, and the rounding of the weights themselves.
The weights have the same bits at every number of ranks.
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
    from torch import nn
    MISSING = None
except ImportError as error:
    MISSING = f"{error.name} is not installed"

SEED, BATCH, CLASSES, SIDE = 2, 40, 10, 8
FACTOR, ULP = 4, 2.0**-23
RANKS = (1, 2, 3, 5, 8)

CONFIG = """
run: {{name: graphs, seed: {seed}}}
data: {{train: "synthetic:1x{side}x{side}:{classes}:{batch}", normalize: none}}
model:
  layers:
{layers}
train: {{epochs: 1, batch: {batch}, shuffle: false, virtual_ranks: 8}}
optim: {{name: sgd, lr: 1}}
"""


def conv(out, kernel=3, **more):
    return ("conv2d", dict(out=out, kernel=kernel, padding=kernel // 2, **more))


def residual():
    layers = [conv(6, name="x0")]
    for block in range(3):
        layers += [conv(6), ("relu", {}), conv(6), ("add", dict(**{"from": [None, f"x{block}"]})), ("relu", dict(name=f"x{block + 1}"))]
    return layers + [("maxpool2d", dict(kernel=2)), ("linear", dict(out=CLASSES))]


def dense():
    layers = [conv(4, name="d0"), ("relu", dict(name="r0"))]
    for block in range(4):
        layers += [conv(3), ("relu", dict(name=f"r{block + 1}")),
                   ("concat", {"from": [f"r{i}" for i in range(block + 2)]})]
    return layers + [("avgpool2d", dict(kernel=2)), ("linear", dict(out=CLASSES))]


def inception():
    return [conv(6), ("relu", dict(name="stem")),
            conv(4, 1, name="one"),
            conv(4, 1, **{"from": "stem"}), ("relu", {}), conv(5, 3, name="three"),
            conv(2, 1, **{"from": "stem"}), ("relu", {}), conv(3, 5, name="five"),
            ("maxpool2d", dict(kernel=3, stride=1, padding=1, **{"from": "stem"})), conv(3, 1, name="pool"),
            ("concat", {"from": ["one", "three", "five", "pool"]}), ("relu", {}),
            ("flatten", {}), ("linear", dict(out=CLASSES))]


def u_shaped():
    down = lambda: ("maxpool2d", dict(kernel=3, stride=1, padding=1))  # noqa: E731
    layers = [conv(4), ("relu", dict(name="skip0")), down(), conv(6), ("relu", dict(name="skip1")), down(),
              conv(8), ("relu", dict(name="skip2")), down(), conv(8), ("tanh", {})]
    for level in (2, 1, 0):
        layers += [("concat", {"from": [f"skip{level}", None]}), conv(4 + 2 * level), ("relu", {})]
    return layers + [("linear", dict(out=CLASSES))]


def four_readers():
    return [conv(5), ("sigmoid", dict(name="shared")),
            ("tanh", dict(name="a")),
            ("softplus", dict(name="b", **{"from": "shared"})),
            conv(5, 3, name="c", **{"from": "shared"}),
            ("mul", {"from": ["shared", "a", "c"]}), ("add", {"from": [None, "b", "b"]}), ("identity", {}),
            ("linear", dict(out=CLASSES))]


def long_chain():
    layers = [conv(3)]
    for _ in range(99):
        layers += [("tanh", {}), conv(3), ("leaky_relu", {})]
    return layers + [("flatten", {}), ("linear", dict(out=CLASSES))]


def resolve(layers):
    """Every layer with the numbers of the values it reads: 0 is the input, i + 1 the output of layer i."""
    names, resolved = {"input": 0}, []
    for i, (kind, arguments) in enumerate(layers):
        wanted = arguments.get("from", [None])
        wanted = wanted if isinstance(wanted, list) else [wanted]
        resolved.append((kind, arguments, [i if name is None else names[name] for name in wanted]))
        if "name" in arguments:
            names[arguments["name"]] = i + 1
    return resolved


def yaml(layers):
    """The list as a user writes it; a value without a name that is read from afar gets one."""
    resolved = resolve(layers)
    names = {i + 1: arguments["name"] for i, (_, arguments, _) in enumerate(resolved) if "name" in arguments}
    far = {v for _, _, values in resolved if len(values) > 1 for v in values if v > 0}
    for v in far:
        names.setdefault(v, f"value{v}")
    names[0] = "input"
    lines = []
    for i, (kind, arguments, values) in enumerate(resolved):
        words = [f"{key}: {value}" for key, value in arguments.items() if key not in ("name", "from")]
        if i + 1 in names:
            words.append(f"name: {names[i + 1]}")
        if values != [i]:
            words.append("from: " + (f"[{', '.join(names[v] for v in values)}]" if len(values) > 1 else names[values[0]]))
        lines.append(f"    - {kind}: {{{', '.join(words)}}}" if words else f"    - {kind}")
    return "\n".join(lines)


NETWORKS = {"residual": residual, "dense": dense, "inception": inception, "u-shaped": u_shaped, "four readers": four_readers,
            "chain of 300": long_chain}

if not MISSING:
    PLAIN = {"relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid, "softplus": nn.functional.softplus,
             "leaky_relu": nn.functional.leaky_relu, "identity": lambda x: x, "flatten": lambda x: x.flatten(1)}

    class Network(nn.Module):
        def __init__(self, layers):
            super().__init__()
            self.layers, self.trained = resolve(layers), nn.ModuleList()
            channels, features = [1], [SIDE * SIDE]
            for kind, a, values in self.layers:
                c = channels[values[0]]
                if kind == "conv2d":
                    self.trained.append(nn.Conv2d(c, a["out"], a["kernel"], padding=a["padding"]))
                    c = a["out"]
                elif kind == "linear":
                    self.trained.append(nn.Linear(features[values[0]], a["out"]))
                elif kind == "concat":
                    c = sum(channels[v] for v in values)
                side = features[values[0]] // channels[values[0]]
                if kind.endswith("pool2d") and a["kernel"] == 2:
                    side //= 4
                channels.append(c)
                features.append(c * side)

        def forward(self, x):
            values, trained = [x], iter(self.trained)
            for kind, a, read in self.layers:
                xs = [values[v] for v in read]
                if kind == "conv2d":
                    y = next(trained)(xs[0])
                elif kind == "linear":
                    y = next(trained)(xs[0].flatten(1))
                elif kind == "maxpool2d":
                    y = nn.functional.max_pool2d(xs[0], a["kernel"], a.get("stride", a["kernel"]), a.get("padding", 0))
                elif kind == "avgpool2d":
                    y = nn.functional.avg_pool2d(xs[0], a["kernel"])
                elif kind == "concat":
                    y = torch.cat(xs, 1)
                elif kind in ("add", "mul"):
                    y = xs[0]
                    for other in xs[1:]:
                        y = y + other if kind == "add" else y * other
                else:
                    y = PLAIN[kind](xs[0])
                values.append(y)
            return values[-1]


def train(layers, dtype, mkldnn=True):
    """The parameters after one step, and the outputs of the network that has them; float64 numpy."""
    x, y = counter_random.synthetic(BATCH, (1, SIDE, SIDE), CLASSES)
    x, y = torch.from_numpy(x).to(dtype), torch.from_numpy(y)
    net = Network(layers)
    with torch.no_grad():
        for i, p in enumerate(net.parameters()):
            fan_in = list(net.parameters())[i // 2 * 2][0].numel()
            p.copy_(torch.from_numpy(counter_random.initial_tensor(SEED, i, tuple(p.shape), fan_in)))
    net = net.to(dtype)
    with torch.backends.mkldnn.flags(enabled=mkldnn):
        nn.functional.cross_entropy(net(x), y).backward()
        with torch.no_grad():
            for p in net.parameters():
                p -= p.grad
            outputs = net(x)
    return [p.detach().double().numpy() for p in net.parameters()], outputs.double().numpy()


def distance(one, other):
    return np.sqrt(sum(((a - b)**2).sum() for a, b in zip(one, other)))


@unittest.skipIf(MISSING, MISSING)
class LiveGraphs(harness.Case):
    def compare(self, network):
        layers = NETWORKS[network]()
        (truth, outputs), shorter = train(layers, torch.float64), []
        for mkldnn in (True, False):
            shorter.append(train(layers, torch.float32, mkldnn))
        bound = FACTOR * max(distance(run[0], truth) for run in shorter) + ULP * distance(truth, [0] * len(truth))
        config = self.write("config.yaml", CONFIG.format(seed=SEED, side=SIDE, classes=CLASSES, batch=BATCH, layers=yaml(layers)))
        first = None
        for ranks in RANKS:
            run = self.train(config, ranks)
            found = harness.tensors(run.final)
            weights = [found[name] for name in sorted(found, key=lambda n: (n.split("/")[0], n.endswith("bias")))]
            if first is None:
                first = weights
                self.assertEqual([w.shape for w in weights], [t.shape for t in truth])
                mine = distance(weights, truth)
                print(f"{network}: gradients apart {mine:.1e}, allowed {bound:.1e}")
                self.assertLessEqual(mine, bound)
                self.compare_outputs(run.final, outputs, [o for _, o in shorter])
            self.assertTrue(all(np.array_equal(a, b) for a, b in zip(first, weights)), f"{network}: other bits at {ranks} ranks")

    def compare_outputs(self, checkpoint, outputs, shorter):
        predictions = os.path.join(os.path.dirname(checkpoint), "predictions.h5")
        done = harness.run(["predict", checkpoint, "--data", f"synthetic:1x{SIDE}x{SIDE}:{CLASSES}:{BATCH}", "--out", predictions])
        self.assertEqual(done.returncode, 0, done.stderr)
        with h5py.File(predictions) as f:
            mine = np.abs(f["logits"][:] - outputs).max()
        bound = FACTOR * max(np.abs(o - outputs).max() for o in shorter) + ULP * np.abs(outputs).max()
        self.assertLessEqual(mine, bound)

    def test_every_network(self):
        for network in NETWORKS:
            with self.subTest(network=network):
                self.compare(network)


if __name__ == "__main__":
    unittest.main()
