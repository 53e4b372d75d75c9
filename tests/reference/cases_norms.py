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
    xhat, scaled = (x - mean) / sigma, np.abs(weight / sigma)
    return dict(y_size=np.abs(xhat * weight) + np.abs(bias),
                dx_size=scaled * (np.abs(dy) + np.abs(dy).mean(axes, keepdims=True)
                                  + np.abs(xhat) * np.abs(dy * xhat).mean(axes, keepdims=True)),
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


def norms():
    file, random = Cases("norms.txt"), generator(9)
    batch_norms(file, random)
    file.write()
