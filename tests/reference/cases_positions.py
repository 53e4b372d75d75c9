"""Losses of labels with positions against PyTorch, for the C tests: positions.txt (the format is told in make_cases.py).

A case is named by its loss, or by several with a + between them, whose `scales` are what each counts in the sum. Arguments as in
cases_loss.py; `x [N,K,P]`, `labels [N,P]`, `targets [N,K,P]`, and perhaps `weights`, [N,1] of samples or [N,P] of positions.
Results are those of one process with the whole batch: the loss (`mean`), its `gradient [N,K,P]`, `valid` and `correct` positions.

Bounds: 4 times what PyTorch's own float32 run differs, and 4 units in the last place beside it.
"""
import numpy as np
import torch
from torch.nn import functional as F

from cases import Cases, generator
from cases_loss import INDEX, MULTILABEL, ONEHOT, PROBS, ULP, VALUES, Focal, grid

SIZES = [(1, 3, 1), (5, 2, 7), (19, 4, 6), (3, 1, 33)]


def tensor(options, name, dtype):
    value = options.get(name)
    return torch.tensor(value, dtype=dtype) if isinstance(value, list) else value


def weighted(values, share, weights):
    """A mean over the batch; `values` [N,P] or [N,K,P]."""
    if values.dim() == 3:
        weights = weights[:, None]
    return (values * weights).sum() / (share * weights).expand_as(values).sum()


def dice(options, kind, x, target, weights):
    if kind == INDEX:
        valid = target != options.get("ignore_index", -100)
        weights, target = weights * valid, F.one_hot(target.clamp(0, x.shape[1] - 1), x.shape[1]).movedim(-1, 1).to(x.dtype)
    p = torch.sigmoid(x) if kind == MULTILABEL or options.get("activation") == 1 else torch.softmax(x, 1)
    w = weights[:, None]
    top, below = (w * p * target).sum((0, 2)), (w * (p * p + target * target)).sum((0, 2))
    return (1 - 2 * top / below.clamp(min=options.get("eps", 1e-6))).mean()


def value(name, options, kind, x, target, weights):
    ones = torch.ones((), dtype=x.dtype)
    weight = tensor(options, "weight", x.dtype)
    if name == "dice":
        return dice(options, kind, x, target, weights)
    if name == "cross_entropy":
        values = F.cross_entropy(x, target, weight=weight, reduction="none", label_smoothing=options.get("label_smoothing", 0.0),
                                 ignore_index=options.get("ignore_index", -100))
        if kind != INDEX:
            return weighted(values, ones, weights)
        share = (target != options.get("ignore_index", -100)).to(x.dtype)
        if weight is not None and not options.get("mean_over"):
            share = share * weight[target.clamp(0, x.shape[1] - 1)]
        return weighted(values, share, weights)
    if name == "focal":
        made = Focal(**{k: tensor(options, k, x.dtype) for k in options})
        if kind == INDEX:
            return weighted(made(x, target), (target != made.ignore_index).to(x.dtype), weights)
        return weighted(made(x.movedim(1, -1), target.movedim(1, -1)).movedim(-1, 1), ones, weights)
    if name == "bce_with_logits":
        positive = tensor(options, "pos_weight", x.dtype)
        column = [v if v is None else v[:, None] for v in (weight, positive)]
        return weighted(F.binary_cross_entropy_with_logits(x, target, weight=column[0], pos_weight=column[1], reduction="none"), ones, weights)
    plain = {"mse": F.mse_loss, "l1": F.l1_loss, "huber": F.huber_loss, "smooth_l1": F.smooth_l1_loss}
    return weighted(plain[name](x, target, reduction="none"), ones, weights)


def run(names, scales, options, kind, x, target, weights, dtype):
    x = torch.from_numpy(x).to(dtype).requires_grad_()
    target = torch.from_numpy(target) if kind == INDEX else torch.from_numpy(target).to(dtype)
    weights = torch.from_numpy(weights).to(dtype).expand(len(x), x.shape[2])
    known = {"cross_entropy": ("weight", "label_smoothing", "ignore_index", "mean_over"), "dice": ("activation", "eps", "ignore_index"),
             "focal": ("gamma", "alpha", "weight", "ignore_index"), "bce_with_logits": ("weight", "pos_weight")}
    total = sum(s * value(n, {k: v for k, v in options.items() if k in known.get(n, ())}, kind, x, target, weights)
                for n, s in zip(names, scales))
    total.backward()
    return total.item(), x.grad.double().numpy()


def write(file, names, kind, x, target, weights=None, scales=None, **options):
    parts = names.split("+")
    ones = np.ones((len(x), 1), np.float32) if weights is None else weights
    shares = [1.0] * len(parts) if scales is None else scales
    loss, gradient = run(parts, shares, options, kind, x, target, ones, torch.float64)
    loss32, gradient32 = run(parts, shares, options, kind, x, target, ones, torch.float32)
    assert np.isfinite(loss) and np.isfinite(gradient).all(), (names, options)
    labels = target if kind == INDEX else target.argmax(1)
    valid = labels != options.get("ignore_index", -100) if kind == INDEX else np.ones(labels.shape, bool)
    if kind == MULTILABEL:
        hits = ((x > 0) == (target > 0.5)).all(1)
    else:
        hits = np.zeros(labels.shape, bool) if kind == VALUES else torch.from_numpy(x).argmax(1).numpy() == labels
    arrays = dict(kind=kind, x=x, **{k: np.float32(v) if isinstance(v, list) else float(v) for k, v in options.items()})
    if kind == INDEX or kind in (ONEHOT, PROBS):
        arrays["labels"] = labels
    if kind != INDEX:
        arrays["targets"] = target
    if weights is not None:
        arrays["weights"] = weights
    if scales is not None:
        arrays["scales"] = np.float32(scales)
    file.case(names, **arrays, mean=loss, gradient=gradient, valid=valid.sum(), correct=(hits & valid).sum(),
              loss_bound=4 * (abs(loss32 - loss) + ULP * (1 + abs(loss))),
              gradient_bound=4 * (abs(gradient32 - gradient).max() + ULP * abs(gradient).max()))


def positions():
    file, random = Cases("positions.txt"), generator(16)
    for n, k, p in SIZES:
        x, labels, on = grid(random, n, k, p), random.integers(0, k, (n, p)), random.integers(0, 2, (n, k, p)).astype(np.float32)
        t, onehot = grid(random, n, k, p), np.eye(k, dtype=np.float32)[labels].transpose(0, 2, 1).copy()
        probs = random.dirichlet(np.full(k, 0.7), (n, p)).transpose(0, 2, 1).astype(np.float32).copy()
        some = np.where(random.random((n, p)) < 0.3, 255, labels)
        some[0, 0] = labels[0, 0]  # something is valid
        each = (1 + random.integers(0, 12, (n, p)) / 4).astype(np.float32)
        samples = (1 + random.integers(0, 12, (n, 1)) / 4).astype(np.float32)
        weight = [float(v) for v in random.integers(1, 40, k) / 8]
        for weights in None, samples, each:
            write(file, "cross_entropy", INDEX, x, labels, weights)
            write(file, "cross_entropy", INDEX, x, some, weights, ignore_index=255, weight=weight)
            write(file, "bce_with_logits", MULTILABEL, x, on, weights, weight=weight, pos_weight=weight[::-1])
            write(file, "dice", INDEX, x, some, weights, ignore_index=255)
            write(file, "dice", MULTILABEL, x, on, weights)
            write(file, "mse", VALUES, x, t, weights)
            write(file, "focal", INDEX, x, some, weights, ignore_index=255, weight=weight)
        write(file, "cross_entropy", INDEX, x, labels, weight=weight, mean_over=1)
        write(file, "cross_entropy", INDEX, x, labels, weight=weight, label_smoothing=0.125)
        write(file, "cross_entropy", PROBS, x, probs, each)
        write(file, "cross_entropy", ONEHOT, x, onehot)
        write(file, "dice", INDEX, x, labels, activation=1, eps=1e3)
        write(file, "dice", PROBS, x, probs)
        write(file, "focal", MULTILABEL, x, on, gamma=1.5, alpha=-1.0)
        for name in "l1", "huber", "smooth_l1":
            write(file, name, VALUES, x, t, each)
        write(file, "bce_with_logits+dice", MULTILABEL, x, on, scales=[0.5, 0.25], pos_weight=weight)
        write(file, "dice+bce_with_logits", MULTILABEL, x, on, each, scales=[1.0, 3.0])
        write(file, "cross_entropy+dice", INDEX, x, some, samples, scales=[0.75, 2.0], ignore_index=255, weight=weight)
        write(file, "cross_entropy+focal+dice", INDEX, x, labels, scales=[1.0, 0.5, 0.25])
        write(file, "mse+l1", VALUES, x, t, scales=[1.0, 0.125])
    file.write()
