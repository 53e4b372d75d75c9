#!/usr/bin/env python3
"""Makes the reference values in this folder from PyTorch and scikit-learn: parity.json (here) and *.txt (make_cases.py).

    python3 tests/reference/make_reference.py

Needed only to change them; the tests read the files. Run with PyTorch 2.13 and scikit-learn on a CPU.

parity.json: the three networks of launch/ (dropout off), and two with all other activations, trained for 20 steps of SGD (momentum 0.9, weight decay 5e-4,
learning rate 0.05, constant) from the program's own initial weights on the program's own synthetic data, unshuffled.
Everything starts from the same float32 numbers. Then

- float64 PyTorch gives the truth: rounding in it is 2^29 times finer than in float32, so it counts as exact here;
- float32 PyTorch, in several equally good ways to compute the same (oneDNN kernels, native kernels, channels-last), gives the
  size of the error that float32 arithmetic has on exactly this problem. It cannot be had from a formula: a ReLU or a maximum
  whose inputs nearly tie may switch, and 20 steps amplify that.

Stored are the float64 values (every step's loss; of each tensor after 20 steps a sample and a sketch, see sketch.py) and, beside
each, the largest deviation of the float32 runs. A correct float32 program is one more such run: another order of the same
additions. The test asks for at most 4 times their largest deviation, which leaves room for bad luck but not for a mistake:
leaving out the weight decay, for instance, moves every tensor by 40 to 90 000 times that (`wrong` says how much).
"""
import json
import os
import warnings

import numpy as np
import torch
from torch import nn

import counter_random
import make_cases
from sketch import positions, rms, sketch

HERE = os.path.dirname(os.path.abspath(__file__))
SEED, STEPS, RATE, MOMENTUM, DECAY = 1, 20, 0.05, 0.9, 5e-4

NETWORKS = {
    "tutorial": dict(batch=64, layers=["conv2d: {out: 6, kernel: 5}", "relu", "maxpool2d: 2", "conv2d: {out: 12, kernel: 5}",
                                       "relu", "maxpool2d: 2", "linear: 120", "relu", "linear: 60", "relu", "linear: 10"],
                     make=lambda: [nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 12, 5), nn.ReLU(),
                                   nn.MaxPool2d(2), nn.Flatten(), nn.Linear(192, 120), nn.ReLU(), nn.Linear(120, 60),
                                   nn.ReLU(), nn.Linear(60, 10)]),
    "mlp": dict(batch=64, layers=["linear: 1024", "relu", "linear: 1024", "relu", "linear: 10"],
                make=lambda: [nn.Flatten(), nn.Linear(784, 1024), nn.ReLU(), nn.Linear(1024, 1024), nn.ReLU(),
                              nn.Linear(1024, 10)]),
    "cnn": dict(batch=32, layers=["conv2d: {out: 32, kernel: 3}", "relu", "conv2d: {out: 64, kernel: 3}", "relu",
                                  "maxpool2d: 2", "dropout: 0", "linear: 128", "relu", "dropout: 0", "linear: 10"],
                make=lambda: [nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                              nn.Linear(9216, 128), nn.ReLU(), nn.Linear(128, 10)]),
    "smooth": dict(batch=64, layers=["conv2d: {out: 6, kernel: 5}", "gelu", "maxpool2d: 2", "conv2d: {out: 12, kernel: 3}",
                                     "silu", "avgpool2d: 2", "linear: 64", "tanh", "linear: 64", "gelu: tanh", "linear: 10",
                                     "log_softmax"],
                   make=lambda: [nn.Conv2d(1, 6, 5), nn.GELU(), nn.MaxPool2d(2), nn.Conv2d(6, 12, 3), nn.SiLU(), nn.AvgPool2d(2),
                                 nn.Flatten(), nn.Linear(300, 64), nn.Tanh(), nn.Linear(64, 64), nn.GELU("tanh"),
                                 nn.Linear(64, 10), nn.LogSoftmax(1)]),
    "bends": dict(batch=64, layers=["linear: 64", "leaky_relu: 0.1", "linear: 64", "elu: 0.7", "linear: 64", "softplus: 2",
                                    "linear: 64", "sigmoid", "linear: 10", "softmax"],
                  make=lambda: [nn.Flatten(), nn.Linear(784, 64), nn.LeakyReLU(0.1), nn.Linear(64, 64), nn.ELU(0.7),
                                nn.Linear(64, 64), nn.Softplus(2), nn.Linear(64, 64), nn.Sigmoid(), nn.Linear(64, 10),
                                nn.Softmax(1)]),
}


def build(make, dtype):
    net = nn.Sequential(*make())
    with torch.no_grad():
        for number, p in enumerate(net.parameters()):
            weight = list(net.parameters())[number // 2 * 2]
            fan_in = weight[0].numel()
            p.copy_(torch.from_numpy(counter_random.initial_tensor(SEED, number, tuple(p.shape), fan_in)))
    return net.to(dtype)


def train(spec, dtype, mkldnn=True, channels_last=False, decay=DECAY):
    """Losses of the steps and the final parameters by name, float64 numpy."""
    batch = spec["batch"]
    x, y = counter_random.synthetic(batch * STEPS, (1, 28, 28), 10)
    x, y = torch.from_numpy(x).to(dtype), torch.from_numpy(y)
    net = build(spec["make"], dtype)
    if channels_last:
        net = net.to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(net.parameters(), RATE, MOMENTUM, weight_decay=decay)
    losses = []
    with torch.backends.mkldnn.flags(enabled=mkldnn):
        for i in range(STEPS):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(net(x[i * batch:][:batch]), y[i * batch:][:batch])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return np.array(losses), [p.detach().double().contiguous().numpy() for p in net.parameters()]


def tensor_names(layers):
    return [f"{i:02d}.{layer.split(':')[0]}/{name}" for i, layer in enumerate(layers) for name in ("weight", "bias")
            if layer.startswith(("conv", "linear"))]


def reference(spec):
    losses, weights = train(spec, torch.float64)
    runs = [train(spec, torch.float32), train(spec, torch.float32, mkldnn=False)]
    if spec["layers"][0].startswith("conv"):
        runs.append(train(spec, torch.float32, channels_last=True))
    _, wrong = train(spec, torch.float64, decay=0.0)

    tensors = []
    for number, (name, truth) in enumerate(zip(tensor_names(spec["layers"]), weights)):
        errors = [(w[number] - truth).reshape(-1) for _, w in runs]
        flat = truth.reshape(-1)
        tensors.append(dict(name=name, shape=list(truth.shape), values=flat[positions(flat.size)].tolist(),
                            sketch=sketch(flat).tolist(), float32_max=max(float(abs(e).max()) for e in errors),
                            float32_l2=max(float(np.linalg.norm(e)) for e in errors),
                            wrong=float(np.linalg.norm((wrong[number] - truth).reshape(-1)))))
    return dict(batch=spec["batch"], samples=spec["batch"] * STEPS, layers=spec["layers"], losses=losses.tolist(),
                float32_loss=max(float(abs(l - losses).max()) for l, _ in runs), tensors=tensors)


def main():
    warnings.filterwarnings("ignore")
    torch.manual_seed(0)
    result = dict(pytorch=torch.__version__.split("+")[0], seed=SEED, steps=STEPS, lr=RATE, momentum=MOMENTUM,
                  weight_decay=DECAY, networks={name: reference(spec) for name, spec in NETWORKS.items()})
    with open(os.path.join(HERE, "parity.json"), "w") as f:
        json.dump(result, f, indent=1)
        f.write("\n")
    for name, net in result["networks"].items():
        print(f"{name}: loss {net['losses'][0]:.6f} .. {net['losses'][-1]:.6f}, float32 apart by {net['float32_loss']:.1e}")
        for t in net["tensors"]:
            print(f"  {t['name']:18s} float32 apart: largest {t['float32_max']:.1e}, L2 {t['float32_l2']:.1e}, "
                  f"without weight decay {t['wrong']:.1e}")
    make_cases.main()


if __name__ == "__main__":
    main()
