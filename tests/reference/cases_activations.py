"""Activations as torch.nn has them: activations.txt (told in make_cases.py)."""
import numpy as np
from torch import nn

from cases import Cases, draw, generator, gradients

# A choice is given by its position among the choices of the layer's argument.
LAYERS = [("sigmoid", {}, nn.Sigmoid()), ("tanh", {}, nn.Tanh()), ("silu", {}, nn.SiLU()),
          ("leaky_relu", {}, nn.LeakyReLU()), ("leaky_relu", dict(negative_slope=0.3), nn.LeakyReLU(0.3)),
          ("leaky_relu", dict(negative_slope=0), nn.LeakyReLU(0)),
          ("elu", {}, nn.ELU()), ("elu", dict(alpha=0.7), nn.ELU(0.7)), ("elu", dict(alpha=0), nn.ELU(0)),
          ("gelu", {}, nn.GELU()), ("gelu", dict(approximate=0), nn.GELU("none")), ("gelu", dict(approximate=1), nn.GELU("tanh")),
          ("softplus", {}, nn.Softplus()), ("softplus", dict(beta=2.5), nn.Softplus(2.5)),
          ("softplus", dict(threshold=1.5), nn.Softplus(threshold=1.5)),
          ("softplus", dict(beta=0.5, threshold=-1), nn.Softplus(0.5, -1)),
          ("softmax", {}, nn.Softmax(dim=1)), ("log_softmax", {}, nn.LogSoftmax(dim=1)),
          ("hardtanh", {}, nn.Hardtanh()), ("hardtanh", dict(min_val=-20, max_val=9), nn.Hardtanh(-20, 9)),
          ("hardtanh", dict(min_val=5, max_val=5.5), nn.Hardtanh(5, 5.5)),
          ("relu6", {}, nn.ReLU6()), ("selu", {}, nn.SELU()), ("celu", {}, nn.CELU()), ("celu", dict(alpha=2.5), nn.CELU(2.5)),
          ("mish", {}, nn.Mish()), ("hardswish", {}, nn.Hardswish()), ("hardsigmoid", {}, nn.Hardsigmoid()),
          ("softsign", {}, nn.Softsign()), ("logsigmoid", {}, nn.LogSigmoid()),
          ("threshold", dict(threshold=0.1, value=20), nn.Threshold(0.1, 20)),
          ("threshold", dict(threshold=-5, value=-7), nn.Threshold(-5, -7))]

FAR = np.array([0, 1e4, -1e4, 87, -87, 20, -20, 21, -21, 9, -9, 5, -5, 1e-4, -1e-4, 3e3, -3e3, 100], np.float32)


def activations():
    file, random = Cases("activations.txt"), generator(6)
    inputs = [draw(random, 5, 7), 10 * draw(random, 2, 3, 2, 4), 3 * draw(random, 17, 2, 1, 2), draw(random, 2, 1),
              FAR.reshape(6, 3), FAR.reshape(1, 3, 2, 3)]
    for name, arguments, module in LAYERS:
        for x in inputs:
            y, dy, (dx,) = gradients(module, [x], random=random)
            four = [a.reshape(*x.shape, *[1] * (4 - x.ndim)) for a in (x, y.detach(), dy, dx)]
            file.case(name, **arguments, **dict(zip(("x", "y", "dy", "dx"), four)))
    file.write()
