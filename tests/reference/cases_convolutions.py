"""Convolutions and their transposes: convolutions.txt.

`input` (C and the spatial sizes), the arguments along each axis (`kernel stride dilation padding`, the last before and after;
`padding_mode` as 0 zeros, 1 reflect, 2 replicate, 3 circular; of the transposed ones `output_padding`), `groups`; samples first and
the rest flat: `x [N,F] weight bias y dy dx dweight dbias`. `..._size` is the sum of the magnitudes of the products in each
result, to which rounding is in proportion.
"""
import numpy as np
import torch
from torch.nn import functional as F

from cases import Cases, draw, generator, gradients

MODES = ("constant", "reflect", "replicate", "circular")


def pairs(padding):
    return [p if isinstance(p, tuple) else (p, p) for p in padding]


def convolution(size, stride, padding, dilation, groups, modes):
    """F.conv1d ... 3d behind one padding per axis: PyTorch pads all axes in one mode, here each may have its own."""
    run = getattr(F, f"conv{len(size)}d")

    def padded(x):
        for axis, ((before, after), mode) in enumerate(zip(pairs(padding), modes)):
            if before == after == 0:
                continue
            x = x.movedim(2 + axis, -1)
            shape = x.shape
            x = F.pad(x.reshape(shape[0], -1, shape[-1]), (before, after), mode=MODES[mode])
            x = x.reshape(*shape[:-1], x.shape[-1]).movedim(-1, 2 + axis)
        return x
    return lambda x, w, b: run(padded(x), w, b, stride=stride, dilation=dilation, groups=groups)


def transposed(size, stride, padding, dilation, groups, more):
    """The full output, cut on both sides, and longer at its far end."""
    run = getattr(F, f"conv_transpose{len(size)}d")
    cuts = pairs(padding)

    def cut(x, w, b):
        y = run(x, w, None, stride=stride, output_padding=more, dilation=dilation, groups=groups)
        for axis, (before, after) in enumerate(cuts):
            y = y.narrow(2 + axis, before, y.shape[2 + axis] - before - after)
        return y + b.reshape(1, -1, *[1] * len(size))
    return cut


def magnitudes(function, x, weight, bias, dy):
    """The same sums over absolute values."""
    leaves = [torch.from_numpy(np.abs(v)).double().requires_grad_() for v in (x, weight, bias)]
    y = function(*leaves)
    y.backward(torch.from_numpy(np.abs(dy)).double())
    short = np.vectorize(lambda v: float(f"{v:.3g}"))  # digits enough for a bound
    flat = [short(v.detach().numpy().reshape(-1)) for v in (y, *(leaf.grad for leaf in leaves))]
    return dict(zip(("y_size", "dx_size", "dweight_size", "dbias_size"), flat))


def add(file, random, kind, function, n, cin, size, weight_shape, cout, words):
    x, weight, bias = draw(random, n, cin, *size), draw(random, *weight_shape), draw(random, cout)
    y, dy, (dx, dweight, dbias) = gradients(function, [x, weight, bias], random=random)
    sizes = magnitudes(function, x, weight, bias, dy)
    file.case(kind, input=np.array((cin, *size)), **words, x=x.reshape(n, -1), weight=weight.reshape(-1), bias=bias,
              output=np.array(y.shape[1:]), y=y.detach().numpy().reshape(n, -1), dy=dy.reshape(n, -1),
              dx=dx.numpy().reshape(n, -1), dweight=dweight.numpy().reshape(-1), dbias=dbias, **sizes)


# samples, channels in and out, sizes, kernel, stride, padding, dilation, groups, modes or output_padding
CONVOLUTIONS = [
    (1, 1, 1, (1,), (1,), (1,), (0,), (1,), 1, (0,)), (3, 2, 3, (11,), (3,), (1,), (1,), (1,), 1, (0,)),
    (2, 3, 4, (13,), (5,), (2,), ((3, 0),), (2,), 1, (0,)), (2, 4, 6, (12,), (3,), (1,), ((8, 0),), (4,), 2, (0,)),
    (17, 1, 2, (5,), (7,), (4,), ((1, 2),), (1,), 1, (0,)), (2, 3, 3, (9,), (4,), (3,), (2,), (1,), 3, (1,)),
    (2, 2, 3, (8,), (3,), (1,), (3,), (2,), 1, (2,)), (2, 2, 3, (5,), (3,), (1,), ((5, 2),), (1,), 1, (3,)),
    (1, 17, 9, (6,), (3,), (1,), (1,), (1,), 1, (0,)), (2, 16, 16, (5,), (1,), (2,), (0,), (1,), 1, (0,)),
    (2, 2, 3, (5, 7), (3, 2), (2, 1), (1, (0, 1)), (1, 1), 1, (0, 0)), (2, 3, 6, (6, 5), (3, 3), (1, 1), (2, 2), (2, 2), 3, (0, 0)),
    (2, 4, 4, (5, 6), (3, 3), (1, 1), (1, 1), (1, 1), 4, (0, 0)), (3, 4, 4, (7, 5), (3, 3), (2, 2), (1, 1), (1, 1), 4, (0, 0)),
    (1, 5, 5, (6, 6), (5, 3), (1, 2), (4, 1), (2, 1), 5, (0, 0)), (2, 2, 4, (4, 8), (5, 5), (1, 1), (2, 2), (1, 1), 1, (0, 3)),
    (2, 2, 2, (6, 5), (3, 3), (1, 2), ((2, 1), 1), (1, 1), 1, (1, 2)), (1, 3, 2, (4, 4), (3, 3), (1, 1), (3, 3), (1, 1), 1, (1, 1)),
    (2, 2, 3, (4, 3), (2, 3), (1, 1), (1, 2), (1, 1), 1, (2, 0)), (3, 2, 3, (5, 5), (3, 3), (1, 1), (1, 1), (1, 1), 1, (0, 0)),
    (1, 12, 12, (4, 5), (3, 3), (1, 1), (1, 1), (1, 1), 1, (3, 3)), (2, 6, 3, (3, 5), (1, 1), (1, 1), (0, 0), (1, 1), 3, (0, 0)),
    (2, 1, 2, (3, 4, 5), (3, 3, 3), (1, 1, 1), (1, 1, 1), (1, 1, 1), 1, (0, 0, 0)),
    (1, 2, 4, (5, 4, 3), (2, 3, 1), (2, 1, 1), ((0, 1), 2, 0), (1, 2, 1), 2, (0, 0, 0)),
    (1, 3, 3, (3, 3, 4), (3, 3, 3), (1, 2, 1), (1, 1, 1), (1, 1, 1), 3, (0, 0, 0)),
    (2, 1, 2, (3, 4, 4), (3, 2, 3), (1, 1, 2), (2, 1, 3), (1, 1, 1), 1, (1, 2, 3)),
]
TRANSPOSED = [
    (1, 1, 1, (1,), (1,), (1,), (0,), (1,), 1, (0,)), (2, 3, 2, (5,), (7,), (4,), ((1, 2),), (1,), 1, (0,)),
    (3, 2, 4, (6,), (3,), (2,), (1,), (1,), 2, (1,)), (2, 4, 4, (7,), (3,), (1,), (2,), (2,), 4, (0,)),
    (1, 2, 2, (4,), (2,), (3,), (0,), (1,), 1, (2,)), (17, 2, 3, (3,), (3,), (2,), (0,), (3,), 1, (2,)),
    (2, 3, 2, (4, 3), (2, 2), (2, 2), (0, 0), (1, 1), 1, (0, 0)), (2, 2, 3, (3, 4), (3, 3), (2, 2), (1, 1), (1, 1), 1, (1, 1)),
    (1, 4, 6, (5, 3), (3, 2), (1, 3), ((0, 2), 1), (2, 1), 2, (0, 2)), (1, 12, 12, (4, 4), (3, 3), (1, 1), (1, 1), (1, 1), 1, (0, 0)),
    (2, 3, 3, (4, 5), (3, 3), (2, 1), (1, 0), (1, 2), 3, (1, 0)), (1, 17, 9, (3, 3), (2, 2), (2, 2), (0, 0), (1, 1), 1, (0, 0)),
    (1, 2, 3, (2, 3, 2), (3, 2, 3), (2, 1, 2), (1, 0, 1), (1, 1, 1), 1, (1, 0, 1)),
    (2, 4, 2, (3, 2, 2), (2, 2, 2), (2, 2, 2), (0, 0, 0), (1, 1, 1), 2, (0, 0, 0)),
]


def convolutions():
    file, random = Cases("convolutions.txt"), generator(11)
    for table, last_word, prefix in [(CONVOLUTIONS, "padding_mode", "conv"), (TRANSPOSED, "output_padding", "conv_transpose")]:
        for n, cin, cout, size, kernel, stride, padding, dilation, groups, last in table:
            words = dict(kernel=np.array(kernel), stride=np.array(stride), dilation=np.array(dilation), groups=groups,
                         padding=np.array(pairs(padding)).reshape(-1), **{last_word: np.array(last)})
            make, channels = (convolution, (cout, cin // groups)) if table is CONVOLUTIONS else (transposed, (cin, cout // groups))
            add(file, random, f"{prefix}{len(size)}d", make(size, stride, padding, dilation, groups, last), n, cin, size,
                (*channels, *kernel), cout, words)
    file.write()
