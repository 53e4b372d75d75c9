"""Layers that normalise: norms.txt.

`x y dy dx [N,C,P]` (P positions, 1 where PyTorch got (N,C)), the arguments that are not the default, `weight bias [C]` with
`dweight dbias`, and of batchnorm the running statistics before (`mean0 var0`) and after (`mean var`) and `evaluated`, the output
with the latter. `..._size` is the sum of the magnitudes of the terms of each result, to which rounding is in proportion.
"""
import numpy as np
import torch
from torch.nn import functional as F

from cases import Cases, draw, generator, gradients


def sizes(x, dy, weight, bias, axes, eps, centred=True):
    """x, dy [N,C,P] and weight, bias [C] in float64; statistics are over `axes` of x in the shape that it has here."""
    mean = x.mean(axes, keepdims=True) * centred
    sigma = np.sqrt(((x - mean) ** 2).mean(axes, keepdims=True) + eps)
    xhat, slope = (x - mean) / sigma, np.abs(dy * weight)
    short = np.vectorize(lambda v: float(f"{v:.3g}"))  # digits enough for a bound
    return dict(y_size=short(np.abs(xhat * weight) + np.abs(bias)),
                dx_size=short((slope + slope.mean(axes, keepdims=True)
                               + np.abs(xhat) * np.abs(slope * xhat).mean(axes, keepdims=True)) / sigma),
                dweight_size=np.abs(dy * xhat), dbias_size=np.abs(dy))


def batch_norms(file, random):
    for n, c, p, momentum, eps, affine, spread in [(4, 3, 5, 0.1, 1e-5, 1, 1), (16, 2, 7, 0.1, 1e-5, 1, 1), (2, 1, 1, 0.3, 1e-5, 1, 1),
                                                   (33, 5, 1, 0.01, 1e-3, 1, 1), (1, 4, 9, 1, 1e-5, 0, 1), (19, 1, 13, 0, 1e-5, 1, 1),
                                                   (3, 2, 64, 0.1, 1e-12, 1, 1e-3), (17, 2, 11, 0.1, 1e-5, 1, 1e3)]:
        x = (draw(random, n, c, p) * np.float32(spread) + 3 * draw(random, 1, c, 1)).astype(np.float32)
        weight = draw(random, c) if affine else np.ones(c, np.float32)
        bias = draw(random, c) if affine else np.zeros(c, np.float32)
        mean0, var0 = draw(random, c), np.square(draw(random, c)) + np.float32(0.5)
        mean, var = torch.from_numpy(mean0).double(), torch.from_numpy(var0).double()

        def norm(x, w, b):
            return F.batch_norm(x, mean, var, w, b, True, momentum, eps)
        y, dy, (dx, dweight, dbias) = gradients(norm, [x, weight, bias], random=random)
        evaluated = F.batch_norm(torch.from_numpy(x).double(), mean, var, torch.from_numpy(weight).double(),
                                 torch.from_numpy(bias).double(), False, momentum, eps)
        w, b = (v.astype(np.float64)[None, :, None] for v in (weight, bias))
        size = sizes(x.astype(np.float64), dy, w, b, (0, 2), eps)
        file.case("batchnorm", momentum=momentum, eps=eps, affine=affine, x=x, weight=weight, bias=bias, mean0=mean0, var0=var0, y=y,
                  dy=dy, dx=dx, dweight=dweight, dbias=dbias, mean=mean, var=var, evaluated=evaluated, y_size=size["y_size"],
                  dx_size=size["dx_size"], dweight_size=size["dweight_size"].sum((0, 2)), dbias_size=size["dbias_size"].sum((0, 2)))


def sample_norms(file, random):
    """A function on x [N,C,P], weight and bias; and the shape of x with the axes that are normalised, and of the weight in it."""
    def layer(axes):
        return lambda c, p, eps, x, w, b: F.layer_norm(x, (c, p) if axes == -1 else (p,), w, b, eps)

    def channels(c, p, eps, x, w, b):
        return F.layer_norm(x.transpose(1, 2), (c,), w, b, eps).transpose(1, 2)

    def rms(c, p, eps, x, w, b):
        return x / (x.square().mean((1, 2), keepdim=True) + eps).sqrt() * w

    def group(groups):
        return lambda c, p, eps, x, w, b: F.group_norm(x, groups, w, b, eps)
    kinds = [("layernorm", layer(-1), dict(axes=-1)), ("layernorm", layer(1), dict(axes=1)), ("layernorm", channels, dict(axes=-2)),
             ("rmsnorm", rms, dict(axes=-1)), ("groupnorm", group(1), dict(groups=1)), ("groupnorm", group(3), dict(groups=3)),
             ("instancenorm", lambda c, p, eps, x, w, b: F.instance_norm(x, None, None, w, b, True, 0.1, eps), dict(affine=1))]
    for name, function, arguments in kinds:
        for n, c, p, eps, spread in [(4, 3, 5, 1e-5, 1), (17, 3, 2, 1e-3, 1), (1, 3, 37, 1e-5, 1e2)]:
            axes = arguments.get("axes")
            shape = {-1: (1, c, p), 1: (1, 1, p)}.get(axes, (1, c, 1))
            x = (draw(random, n, c, p) * np.float32(spread) + 3 * draw(random, n, 1, 1)).astype(np.float32)
            weight, bias = draw(random, *shape), draw(random, *shape) * (name != "rmsnorm")
            if name == "rmsnorm":
                y, dy, (dx, dweight) = gradients(lambda x, w: function(c, p, eps, x, w, None), [x, weight], random=random)
                dbias = torch.zeros_like(dweight)
            else:
                y, dy, (dx, dweight, dbias) = gradients(
                    lambda x, w, b: function(c, p, eps, x, *((w[0], b[0]) if axes == -1 else (w.reshape(-1), b.reshape(-1)))),
                    [x, weight, bias], random=random)
            groups = arguments.get("groups", c if name == "instancenorm" else 1)

            def cut(a):  # so that the last two axes, or one of them, are normalised
                return np.broadcast_to(a, (n, c, p)).astype(np.float64).reshape(n, groups, c // groups, p)
            over = {1: 3, -2: 2}.get(axes, (2, 3))
            size = sizes(cut(x), cut(dy), cut(weight), cut(bias), over, eps, name != "rmsnorm")
            size = {key: value.reshape(n, c, p) for key, value in size.items()}
            summed = tuple(i for i in range(3) if shape[i] == 1)
            file.case(name, eps=eps, **arguments, x=x, weight=weight.reshape(-1), bias=bias.reshape(-1).astype(np.float32), y=y, dy=dy,
                      dx=dx, dweight=dweight.reshape(-1), dbias=dbias.reshape(-1), y_size=size["y_size"], dx_size=size["dx_size"],
                      dweight_size=size["dweight_size"].sum(summed).reshape(-1),
                      dbias_size=size["dbias_size"].sum(summed).reshape(-1))


def norms():
    file, random = Cases("norms.txt"), generator(9)
    batch_norms(file, random)
    sample_norms(file, random)
    file.write()
