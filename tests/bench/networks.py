"""The networks of the benchmarks, described once: as layers of ddp_train, as modules of PyTorch, and as arithmetic per sample."""


def conv(out, kernel=3, padding=0):
    return ("conv", out, kernel, padding)


def linear(out):
    return ("linear", out)


RELU = ("relu",)
POOL = ("pool", 2)
IMAGE = (1, 28, 28)


def dropout(p):
    return ("dropout", p)


def vgg():
    for out in (64, 128, 256):
        yield from (conv(out, padding=1), RELU, conv(out, padding=1), RELU, POOL)
    yield from (linear(512), RELU, linear(10))


# name: (input (C, H, W), layers)
NETWORKS = {
    "tutorial": (IMAGE, [conv(6, 5), RELU, POOL, conv(12, 5), RELU, POOL, linear(120), RELU, linear(60), RELU, linear(10)]),
    "cnn": (IMAGE, [conv(32), RELU, conv(64), RELU, POOL, dropout(0.25), linear(128), RELU, dropout(0.5), linear(10)]),
    "mlp": (IMAGE, [linear(1024), RELU, linear(1024), RELU, linear(10)]),
    "mlp4096": (IMAGE, [linear(4096), RELU, linear(4096), RELU, linear(10)]),
    "vgg": ((3, 32, 32), list(vgg())),
}


def has_convolutions(name):
    return any(layer[0] == "conv" for layer in NETWORKS[name][1])


def ddp_train_layers(name):
    """The value of model.layers, one line per layer."""
    def line(kind, *a):
        return {"conv": lambda: f"conv2d: {{out: {a[0]}, kernel: {a[1]}, padding: {a[2]}}}", "relu": lambda: "relu",
                "pool": lambda: f"maxpool2d: {a[0]}", "dropout": lambda: f"dropout: {a[0]}",
                "linear": lambda: f"linear: {a[0]}"}[kind]()
    return "\n".join(f"    - {line(*layer)}" for layer in NETWORKS[name][1])


def walk(name):
    """Yields (layer, shape before, shape after); a shape is (C, H, W), and (features, 1, 1) after a linear layer."""
    shape, layers = NETWORKS[name]
    for layer in layers:
        c, h, w = shape
        if layer[0] == "conv":
            grow = 2 * layer[3] - layer[2] + 1
            after = (layer[1], h + grow, w + grow)
        elif layer[0] == "pool":
            after = (c, h // layer[1], w // layer[1])
        else:
            after = (layer[1], 1, 1) if layer[0] == "linear" else shape
        yield layer, shape, after
        shape = after


def torch_network(name):
    from torch import nn
    modules, flat = [], False
    for layer, (c, h, w), _ in walk(name):
        if layer[0] == "linear" and not flat:
            modules.append(nn.Flatten())
            flat = True
        modules.append({"conv": lambda: nn.Conv2d(c, layer[1], layer[2], padding=layer[3]), "relu": nn.ReLU,
                        "pool": lambda: nn.MaxPool2d(layer[1]), "dropout": lambda: nn.Dropout(layer[1]),
                        "linear": lambda: nn.Linear(c * h * w, layer[1])}[layer[0]]())
    return nn.Sequential(*modules)


def flops_per_sample(name):
    """Useful floating-point operations of one sample's part of a training step: a multiplication and an addition per weight and output
    position, forward, for the weight gradient, and for the data gradient of all layers but the first, whose input needs none. The rest
    (ReLU, pooling, loss, update) is small and not counted."""
    total, passes = 0, 2
    for layer, (c, h, w), (out, after_h, after_w) in walk(name):
        if layer[0] == "conv":
            total += passes * 2 * c * layer[2] ** 2 * out * after_h * after_w
        elif layer[0] == "linear":
            total += passes * 2 * c * h * w * out
        else:
            continue
        passes = 3
    return total
