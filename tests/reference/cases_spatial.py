"""Layers along the spatial axes, as torch.nn.functional has them: spatial.txt (told in make_cases.py)."""
import numpy as np
import torch
from torch.nn import functional as F

from cases import Cases, draw, generator, gradients

MODES = ["constant", "reflect", "replicate", "circular"]
SIZES = {1: [(7,), (12,), (1,)], 2: [(5, 7), (1, 4)], 3: [(4, 3, 5)]}
SMALL = {1: [(7,), (1,)], 2: [(5, 4)], 3: [(2, 3, 4)]}


def case(file, random, name, x, function, like=None, **arguments):
    """`like`: a second input, of which the shape counts."""
    y, dy, (dx,) = gradients(function, [x], random=random)
    more = {} if like is None else dict(like=np.zeros(like, np.float32))
    file.case(name, **{k: np.asarray(v, np.float64) for k, v in arguments.items()}, x=x, **more, y=y, dy=dy, dx=dx)


def ties(random, *shape):
    """Three values only, so that most windows have several maxima."""
    return random.integers(-1, 2, shape).astype(np.float32)


def pooling(file, random):
    settings = [dict(kernel=2), dict(kernel=3, stride=2, padding=1), dict(kernel=3, stride=2, ceil_mode=True),
                dict(kernel=2, stride=3, padding=1, ceil_mode=True), dict(kernel=1), dict(kernel=5, stride=1, padding=2)]
    for axes, sizes in SIZES.items():
        for size in sizes:
            for s in settings + [dict(kernel=2, stride=1, dilation=2),
                                 dict(kernel=3, stride=1, padding=1, dilation=2, ceil_mode=True),
                                 dict(kernel=list(range(1, axes + 1)), stride=[1 + i % 2 for i in range(axes)],
                                      padding=[i // 2 for i in range(1, axes + 1)])]:
                k, st, p, d, ceil = (s.get(n, v) for n, v in (("kernel", 0), ("stride", None), ("padding", 0), ("dilation", 1),
                                                              ("ceil_mode", False)))
                try:
                    pool(file, random, axes, size, s, k, st, p, d, ceil)
                except RuntimeError:
                    pass  # a window larger than the input


def pool(file, random, axes, size, s, k, stride, padding, dilation, ceil):
    maximum, mean = getattr(F, f"max_pool{axes}d"), getattr(F, f"avg_pool{axes}d")
    x = ties(random, 2, 1, *size)
    if np.isfinite(maximum(torch.from_numpy(x), k, stride, padding, dilation, ceil).numpy()).all():
        case(file, random, f"maxpool{axes}d", x, lambda x: maximum(x, k, stride, padding, dilation, ceil), **s)
    if dilation != 1:
        return
    x = draw(random, 2, 1, *size)
    case(file, random, f"avgpool{axes}d", x, lambda x: mean(x, k, stride, padding, ceil), **s)
    case(file, random, f"avgpool{axes}d", x, lambda x: mean(x, k, stride, padding, ceil, False), count_include_pad=0, **s)
    if axes > 1:
        case(file, random, f"avgpool{axes}d", x, lambda x: mean(x, k, stride, padding, ceil, True, 3), divisor_override=3, **s)


def adaptive(file, random):
    for axes, sizes in SIZES.items():
        for size in sizes:
            for out in [1, 3, [4, 2, 5][:axes]]:
                maximum, mean = getattr(F, f"adaptive_max_pool{axes}d"), getattr(F, f"adaptive_avg_pool{axes}d")
                case(file, random, f"adaptive_maxpool{axes}d", ties(random, 2, 1, *size), lambda x: maximum(x, out), size=out)
                case(file, random, f"adaptive_avgpool{axes}d", draw(random, 2, 1, *size), lambda x: mean(x, out), size=out)
            dims = tuple(range(2, 2 + axes))
            case(file, random, "global_avgpool", draw(random, 2, 3, *size), lambda x: x.mean(dims))
            case(file, random, "global_maxpool", draw(random, 2, 3, *size), lambda x: x.amax(dims))


def upsample(file, random):
    linear = {1: "linear", 2: "bilinear", 3: "trilinear"}
    for axes, sizes in SMALL.items():
        for size in sizes:
            x = draw(random, 2, 1, *size)
            for out in [[2 * s for s in size], [s + 1 + i for i, s in enumerate(size)], [max(1, s // 2) for s in size]]:
                for like in (None, (2, 1, *out)):
                    where = dict(size=out) if like is None else dict(like=like)
                    case(file, random, "upsample", x, lambda x: F.interpolate(x.float(), out).double(), **where)
                for align in (False, True):
                    case(file, random, "upsample", x, lambda x: F.interpolate(x, out, mode=linear[axes], align_corners=align),
                         size=out, mode=axes, align_corners=align)
            for scale in ([2.0] * axes, [1.5, 2.5, 0.7][:axes]):
                if min(int(s * f) for s, f in zip(size, scale)) < 1:
                    continue
                case(file, random, "upsample", x, lambda x: F.interpolate(x.float(), scale_factor=tuple(scale)).double(),
                     scale=scale)
                case(file, random, "upsample", x, lambda x: F.interpolate(x, scale_factor=tuple(scale), mode=linear[axes]),
                     scale=scale, mode=axes)


def torch_order(sides):
    """[[before, after], ...] of the axes from the first, as F.pad wants it: from the last."""
    return [v for pair in reversed(sides) for v in pair]


def pad(file, random):
    for axes, sizes in SMALL.items():
        for size in sizes:
            for sides in ([[1, 2]] * axes, [[0, i] for i in range(axes)], [[-1, 1]] * axes, [[3, 0]] * axes):
                if min(n + min(b, 0) + min(a, 0) for n, (b, a) in zip(size, sides)) < 1:
                    continue  # nothing is kept
                for number, mode in enumerate(MODES):
                    value = 0.75 if mode == "constant" else 0.0
                    x = draw(random, 1, 2, *size)
                    try:
                        case(file, random, "pad", x, lambda x: F.pad(x, torch_order(sides), mode, value), padding=sides,
                             mode=number, value=value)
                    except RuntimeError:
                        pass  # more than there is to mirror
    wide = lambda x: F.pad(F.pad(x, (2, 2, 0, 0), "circular"), (0, 0, 2, 2))  # noqa: E731
    case(file, random, "pad", draw(random, 2, 2, 4, 6), wide, padding=[[2, 2], [2, 2]], mode=[0, 3])
    case(file, random, "crop", draw(random, 2, 2, 4, 6), lambda x: x[:, :, 1:, 0:4], amount=[[1, 0], [0, 2]])
    case(file, random, "crop", draw(random, 2, 2, 48), lambda x: x[:, :, :47], like=(2, 5, 47))
    case(file, random, "crop", draw(random, 2, 1, 75), lambda x: x[:, :, 2:72], like=(2, 5, 70))
    case(file, random, "crop", draw(random, 2, 1, 5, 6, 7), lambda x: x[:, :, 1:5, 0:2, 2:7], like=(2, 1, 4, 2, 5),
         offset=[1, 0, 2])


def learned(file, random):
    """Parameters of channels; their gradients are sums over samples and positions."""
    for size in [(), (7,), (3, 5), (2, 3, 4)]:
        x, weight, bias = draw(random, 3, 4, *size), draw(random, 4), draw(random, 4)
        shape = (1, 4, *[1] * len(size))
        for slopes in (weight, weight[:1]):
            y, dy, (dx, dweight) = gradients(F.prelu, [x, slopes], random=random)
            file.case("prelu", num_parameters=np.float64(len(slopes)), x=x, weight=slopes, y=y, dy=dy, dx=dx,
                      dweight=dweight)
        affine = lambda x, w, b: x * w.reshape(shape) + b.reshape(shape)  # noqa: E731
        y, dy, (dx, dweight, dbias) = gradients(affine, [x, weight, bias], random=random)
        file.case("affine", x=x, weight=weight, bias=bias, y=y, dy=dy, dx=dx, dweight=dweight, dbias=dbias)
        y, dy, (dx,) = gradients(lambda x: F.glu(x, 1), [x], random=random)
        file.case("glu", x=x, y=y, dy=dy, dx=dx)
        y, dy, (dx,) = gradients(lambda x: x * 1.25, [x], random=random)
        file.case("scale", value=np.float64(1.25), x=x, y=y, dy=dy, dx=dx)


def spatial():
    file, random = Cases("spatial.txt"), generator(12)
    pooling(file, random)
    adaptive(file, random)
    upsample(file, random)
    pad(file, random)
    learned(file, random)
    file.write()
