"""The networks of tests/networks as the benchmarks run them: small sizes, batches of one rank, useful operations."""
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(HERE, "..", "networks")
sys.path.insert(0, FOLDER)

# name: (samples per rank, MFLOP of a sample forward and backward, with the data gradient of all layers but those fed by the input)
WORKLOADS = {
    "higgs": (100, 1.655), "climsim": (512, 10.31), "hep": (32, 1259.9), "hep64": (64, 1214.3), "rpv": (128, 16.12), "nt3": (20, 6072.1),
    "p1b1": (100, 135.36), "cosmoflow": (4, 3001.5), "phasenet": (20, 115.73), "basset": (128, 953.3), "weather": (32, 3840.4),
    "deepcam": (2, 30690.2), "unet3d": (2, 44427.1), "r20": (128, 243.99), "r18": (64, 3329.0), "mbv2": (64, 526.1),
    "unet2d": (8, 3447.7), "tcn": (32, 833.6), "tab": (256, 6.372),
}
MEMORY = 256 << 20  # bytes of samples that a measurement holds, unless two batches are more


def exists(name):
    return os.path.exists(os.path.join(FOLDER, f"{name}.yaml"))


def text(name):
    with open(os.path.join(FOLDER, f"{name}.yaml")) as f:
        return f.read()


def locator(name):
    """(shape of a sample, labels) of its synthetic data, such as ((3, 32, 32), "10")."""
    shape, labels = re.search(r'train: "synthetic:([^:"]*):([^:"]*):', text(name)).groups()
    return tuple(map(int, shape.split("x"))), "x" if "y: x" in text(name) else labels


def samples(name, batch, most):
    """How many a measurement holds: a multiple of the batch."""
    bytes_each = 4
    for side in locator(name)[0]:
        bytes_each *= side
    return max(min(most, MEMORY // bytes_each), 2 * batch) // batch * batch


def configuration(name, batch, count, epochs, virtual_ranks, sync=False):
    """The configuration for ddp_train."""
    shape, _ = locator(name)
    changed = re.sub(r'(train: "synthetic:[^"]*):\d+"', rf'\g<1>:{count}"', text(name))
    changed = re.sub(r"(?m)^train: .*$", f"train: {{epochs: {epochs}, batch: {batch}, virtual_ranks: {virtual_ranks}}}\n"
                     "checkpoint: {every_epochs: 0}\nlog: {every_steps: 0}", changed)
    changed = re.sub(r"(?m)^optim: .*lamb.*$", "optim: {name: adam, lr: 0.001}", changed)  # PyTorch has no LAMB
    return re.sub(r"\bbatchnorm\b(?!:)", "{batchnorm: {sync: true}}", changed) if sync else changed


def torch_optimizer(torch, name, parameters, fused):
    """What the file says, as PyTorch has it."""
    line = re.search(r"(?m)^optim: \{name: (\w+)(.*)\}$", text(name))
    kind = line[1] if line[1] != "lamb" else "adam"
    keys = {key: float(value) for key, value in re.findall(r"(\w+): ([-.0-9e]+)", line[2])} if line[1] != "lamb" else dict(lr=0.001)
    keys.pop("max_norm", None)
    if fused:
        keys["fused"] = True
    return {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "rmsprop": torch.optim.RMSprop,
            "radam": torch.optim.RAdam}[kind](parameters, **keys)


def limit_norms(torch, name, parameters):
    """A function to call after each step: what optim.max_norm does; None where the file has none."""
    found = re.search(r"max_norm: ([.0-9]+)", text(name))
    weights = [p for p in parameters if p.dim() > 1]

    def limit():
        with torch.no_grad():
            for p in weights:
                norms = p.flatten(1).norm(dim=1).view(-1, *[1] * (p.dim() - 1))
                p.mul_((float(found[1]) / (norms + 1e-7)).clamp(max=1))
    return limit if found else None


def has_fused(torch, name):
    import inspect
    return bool(re.search(r"name: (sgd|adamw?|lamb)\b", text(name))) and "fused" in inspect.signature(torch.optim.SGD).parameters


def torch_labels(torch, name, count, x):
    """(labels, loss function) for `count` samples."""
    _, labels = locator(name)
    kind, *dims = re.split("[@x]", labels) if labels != "x" else ["x"]
    dims = [int(d) for d in dims]
    loss = torch.nn.functional
    if kind == "x":
        return x, loss.mse_loss
    if kind.isdigit():
        weight = torch.tensor([1.0017, 2.6142, 1.7165]) if name == "deepcam" else None
        return torch.randint(0, int(kind), (count, *dims)), lambda y, t: loss.cross_entropy(y, t, weight)
    if kind == "probs":
        return torch.softmax(torch.randn(count, *dims), 1), loss.cross_entropy
    if kind == "real":
        return torch.rand(count, *dims) * 2 - 1, loss.mse_loss
    return torch.randint(0, 2, (count, *dims)).float(), dice if name == "unet3d" else loss.binary_cross_entropy_with_logits


def dice(y, t):
    """BCE + Dice, of the batch of this process."""
    from torch.nn.functional import binary_cross_entropy_with_logits
    axes, p = [0, *range(2, y.dim())], y.sigmoid()
    one = 1 - 2 * (p * t).sum(axes) / ((p * p).sum(axes) + (t * t).sum(axes)).clamp(min=1e-6)
    return binary_cross_entropy_with_logits(y, t) + one.mean()


def torch_network(name):
    import torch_networks
    return torch_networks.make(name, locator(name)[0])
