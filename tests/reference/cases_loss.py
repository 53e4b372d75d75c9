"""Losses against torch.nn, for the C tests: losses.txt (the format is told in make_cases.py).

A case is named by its loss. `kind` is the position in enum target_kind; then the arguments that are not the default, `x [N,K]`,
`labels [N]` and `targets [N,K]` where the kind has them, and perhaps `weights [N]` of samples. Results: `mean`, `sum` (kl_div:
`batchmean`), the `gradient [N,K]` of the sum, `valid` and `correct`. `mean` is NaN where torch divides by 0.

Bounds: float32 arithmetic may differ from float64 by 4 times what PyTorch's own float32 run differs, element by element, and 4
units in the last place beside it. `loss_bound` is for the sum of all elements, `gradient_bound` for each.
"""
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from cases import Cases, generator

ULP = 2.0**-24
INDEX, ONEHOT, PROBS, MULTILABEL, VALUES = range(5)
SIZES = [(1, 4), (7, 5), (64, 3), (7, 1)]


def grid(random, *shape, scale=2.0):
    """Normal numbers on a grid of 1/16: short to write, and kinks are met exactly now and then."""
    return (np.round(16 * scale * random.standard_normal(shape)) / 16).astype(np.float32)


def rows(random, n, k):
    """Probabilities of (multiples of) 1/64, with zeros."""
    counts = np.stack([random.multinomial(64, random.dirichlet(np.full(k, 0.7))) for _ in range(n)])
    return (counts / 64).astype(np.float32)


class Margin(nn.Module):
    """sklearn.metrics.hinge_loss for every label."""

    def __init__(self, margin=1.0, reduction="mean"):
        super().__init__()
        self.margin = margin

    def forward(self, x, t):
        return torch.relu(self.margin - (2 * t - 1) * x)


class Soft(nn.Module):
    """torch.nn.SoftMarginLoss, whose own form overflows, for targets 0 and 1."""

    def __init__(self, reduction="mean"):
        super().__init__()

    def forward(self, x, t):
        y = 2 * t - 1
        values = -F.logsigmoid(y * x)
        if x.abs().max() < 80:
            assert torch.allclose(values, nn.SoftMarginLoss(reduction="none")(x, y), atol=1e-6)
        return values


class Focal(nn.Module):
    """torchvision.ops.sigmoid_focal_loss; of class indices the same of the softmax, times class weights."""

    def __init__(self, gamma=2.0, alpha=0.25, weight=None, ignore_index=-100, reduction="mean"):
        super().__init__()
        self.gamma, self.alpha, self.weight, self.ignore_index = gamma, alpha, weight, ignore_index

    def forward(self, x, t):
        if t.dtype == torch.int64:
            logs = -F.cross_entropy(x, t, reduction="none", ignore_index=self.ignore_index)  # 0 where it is ignored
            others = F.softmax(x, 1).sum(1) - torch.exp(logs)
            share = torch.ones_like(logs) if self.weight is None else self.weight[t.clamp(0, len(self.weight) - 1)]
            q = 1 - torch.exp(logs) if x.dtype == torch.float64 else others.clamp(min=0)
            return -share * q**self.gamma * logs
        cross = F.binary_cross_entropy_with_logits(x, t, reduction="none")
        p = torch.sigmoid(x)
        loss = cross * (1 - (p * t + (1 - p) * (1 - t)))**self.gamma
        if self.alpha >= 0:
            loss = loss * (self.alpha * t + (1 - self.alpha) * (1 - t))
        return loss if self.weight is None else loss * self.weight


TORCH = {"cross_entropy": nn.CrossEntropyLoss, "nll": nn.NLLLoss, "bce_with_logits": nn.BCEWithLogitsLoss, "bce": nn.BCELoss,
         "mse": nn.MSELoss, "l1": nn.L1Loss, "smooth_l1": nn.SmoothL1Loss, "huber": nn.HuberLoss, "kl_div": nn.KLDivLoss,
         "poisson_nll": nn.PoissonNLLLoss, "multi_margin": nn.MultiMarginLoss, "hinge": Margin, "soft_margin": Soft,
         "focal": Focal}
OWN = (Margin, Soft, Focal)


def run(name, options, reduction, dtype, x, target):
    """torch's loss of x, and its gradient; for 'none' of the sum."""
    options = {k: torch.tensor(v, dtype=dtype) if isinstance(v, list) else v for k, v in options.items()}
    x = torch.from_numpy(x).to(dtype).requires_grad_()
    target = torch.from_numpy(target)
    values = TORCH[name](reduction=reduction, **options)(x, target if target.dtype == torch.int64 else target.to(dtype))
    values.sum().backward()
    return values.detach().double().numpy(), x.grad.double().numpy()


def divisor(name, options, kind, x, labels, weights):
    """What each sample adds to the divisor of a mean."""
    share = np.full(len(x), 1.0 if name in ("cross_entropy", "nll", "multi_margin") else x.shape[1])
    if name == "focal" and kind != MULTILABEL:
        share = np.ones(len(x)) if kind != INDEX else (labels != options.get("ignore_index", -100)).astype(float)
    if name in ("cross_entropy", "nll") and kind == INDEX:
        share = (labels != options.get("ignore_index", -100)).astype(float)
        if "weight" in options:
            share *= np.array(options["weight"])[np.maximum(labels, 0)]
    return (share * weights).sum()


def right(name, options, kind, x, target, labels):
    """Valid samples, and those that are predicted right, at the threshold 1/2."""
    valid = labels != options.get("ignore_index", -100) if kind == INDEX else np.ones(len(x), bool)
    if kind == MULTILABEL or name.startswith("bce"):
        hits = ((x > (0.5 if name == "bce" else 0)) == (target > 0.5)).all(1)
    elif kind == VALUES:
        hits = np.zeros(len(x), bool)
    else:
        hits = torch.from_numpy(x).argmax(1).numpy() == labels
    return valid.sum(), (hits & valid).sum()


def write(file, name, kind, x, target, weights=None, **options):
    labels = target if kind == INDEX else target.argmax(1)
    given = labels if kind in (INDEX, ONEHOT) and name in ("nll", "multi_margin", "focal") else target
    ones = np.ones(len(x), np.float32) if weights is None else weights
    values, slopes = run(name, options, "none", torch.float64, x, given)
    values32, slopes32 = run(name, options, "none", torch.float32, x, given)

    def column(v):
        return ones.reshape(-1, *[1] * (v.ndim - 1)) * v

    total, gradient = column(values).sum(), column(slopes)
    divided = divisor(name, options, kind, x, labels, ones)
    results = {"mean": total / divided if divided else np.nan, "sum": total}
    if name == "kl_div":
        results["batchmean"] = total / ones.sum()
    for reduction, value in results.items():  # what torch says itself, where it can
        if weights is None and TORCH[name] not in OWN and not (name == "nll" and kind == ONEHOT):
            own, own_gradient = run(name, options, reduction, torch.float64, x, given)
            assert np.allclose(own, value, rtol=1e-12, atol=1e-300, equal_nan=True), (name, options, reduction, own, value)
            if total and divided:
                assert np.allclose(own_gradient, gradient * (value / total), rtol=1e-9, atol=1e-15), (name, options, reduction)
    assert np.isfinite(gradient).all() and np.isfinite(total) and np.isfinite(slopes32).all(), (name, options)
    valid, correct = right(name, options, kind, x, target, labels)
    arrays = dict(kind=kind, x=x, **{k: np.float32(v) if isinstance(v, list) else float(v) for k, v in options.items()})
    if kind in (INDEX, ONEHOT, PROBS):
        arrays["labels"] = labels
    if kind != INDEX:
        arrays["targets"] = target
    if weights is not None:
        arrays["weights"] = weights
    file.case(name, **arrays, **results, gradient=gradient, valid=valid, correct=correct,
              loss_bound=4 * (abs(column(values32 - values)).sum() + ULP * abs(column(values)).sum()),
              gradient_bound=4 * (abs(column(slopes32 - slopes)).max() + ULP * abs(gradient).max()))


def class_weights(random, k):
    """With a class that counts nothing, unless there is only one."""
    return [0.0 if i == 1 else float(v) for i, v in enumerate(random.integers(1, 40, k) / 8)]


def ignoring(random, labels, index=-100):
    return np.where(random.random(len(labels)) < 0.4, index, labels)


def classes(file, random, n, k):
    x, labels, probs = grid(random, n, k), random.integers(0, k, n), rows(random, n, k)
    onehot, weights = np.eye(k, dtype=np.float32)[labels], random.integers(0, 12, n).astype(np.float32) / 4
    weight, log_probs = class_weights(random, k), np.log(rows(random, n, k) + np.float32(1 / 64))
    some, third = ignoring(random, labels), ignoring(random, labels, k - 1)
    every = dict(weight=weight, label_smoothing=0.125)
    for kind, target in (INDEX, labels), (ONEHOT, onehot), (PROBS, probs):
        write(file, "cross_entropy", kind, x, target)
        write(file, "cross_entropy", kind, x, target, weight=weight)
        write(file, "cross_entropy", kind, x, target, label_smoothing=0.3)
        write(file, "cross_entropy", kind, x, target, weights=weights, **every)
    write(file, "cross_entropy", INDEX, x, some)
    write(file, "cross_entropy", INDEX, x, third, ignore_index=k - 1, **every)
    write(file, "cross_entropy", INDEX, x, some, weights=weights)
    for name, outputs in ("nll", log_probs), ("multi_margin", x):
        write(file, name, INDEX, outputs, labels)
        write(file, name, ONEHOT, outputs, onehot)
        write(file, name, INDEX, outputs, labels, weight=weight, weights=weights)
    write(file, "nll", INDEX, log_probs, some, weight=weight)
    write(file, "nll", INDEX, log_probs, third, ignore_index=k - 1)
    write(file, "multi_margin", INDEX, x, labels, p=2, margin=0.5)
    write(file, "multi_margin", INDEX, x, labels, p=2, weight=weight)
    write(file, "kl_div", PROBS, log_probs, probs)
    write(file, "kl_div", ONEHOT, log_probs, onehot)
    write(file, "kl_div", PROBS, log_probs, probs, weights=weights)
    write(file, "kl_div", VALUES, log_probs, np.log(probs + np.float32(1 / 128)), log_target=True)


def labels_and_values(file, random, n, k):
    x, t, on = grid(random, n, k), grid(random, n, k), random.integers(0, 2, (n, k)).astype(np.float32)
    soft = random.integers(0, 17, (n, k)).astype(np.float32) / 16
    p = random.integers(0, 65, (n, k)).astype(np.float32) / 64
    counts, weights = random.poisson(2.5, (n, k)).astype(np.float32), random.integers(0, 12, n).astype(np.float32) / 4
    weight, positive = class_weights(random, k), class_weights(random, k)[::-1]
    for kind, target in (MULTILABEL, on), (VALUES, soft):
        write(file, "bce_with_logits", kind, x, target)
        write(file, "bce_with_logits", kind, x, target, weight=weight, pos_weight=positive)
        write(file, "bce", kind, p, target)
        write(file, "bce", kind, p, target, weight=weight)
    write(file, "bce_with_logits", MULTILABEL, x, on, pos_weight=positive, weights=weights)
    write(file, "bce", MULTILABEL, p, on, weights=weights)
    for name in "hinge", "soft_margin":
        write(file, name, MULTILABEL, x, on)
        write(file, name, MULTILABEL, x, on, weights=weights)
    write(file, "hinge", MULTILABEL, x, on, margin=0.25)
    for name, options in (("mse", [{}]), ("l1", [{}]), ("smooth_l1", [{}, {"beta": 0.0}, {"beta": 2.5}]), ("huber", [{}, {"delta": 0.25}])):
        for o in options:
            ties = o.get("beta") == 0 and torch.__version__ < "2"  # PyTorch 1 gives a gradient of -1 there, 2 gives 0 as for l1
            write(file, name, VALUES, x, np.where(x == t, t + 1, t) if ties else t, **o)
        write(file, name, VALUES, x, t, weights=weights)
    for o in {}, {"full": True}:
        write(file, "poisson_nll", VALUES, x, counts, **o)
        write(file, "poisson_nll", VALUES, np.exp(x) + np.float32(0), counts, log_input=False, **o)
    write(file, "poisson_nll", VALUES, abs(x), counts, log_input=False, eps=0.5, weights=weights)


def awkward(file):
    """Outputs of 1e4 and more, probabilities of 0 and 1, nothing valid, weights of 0."""
    far = np.array([[1e4, -1e4, 0, 5], [-1e4, -1e4, 1e4, 1e4], [1e4, 1e4, 1e4, 1e4], [-1e4, 9999, 3, -2]], np.float32)
    labels, none = np.array([1, 2, 3, 0]), np.full(4, -100)
    onehot, on = np.eye(4, dtype=np.float32)[labels], (far[::-1] > 0).astype(np.float32).copy()
    probs = np.array([[0.5, 0.25, 0.125, 0.125], [1, 0, 0, 0], [0, 0.5, 0, 0.5], [0.25] * 4], np.float32)
    weight = [2.0, 0.0, 0.5, 1.0]
    for o in {}, {"weight": weight, "label_smoothing": 0.25}:
        write(file, "cross_entropy", INDEX, far, labels, **o)
        write(file, "cross_entropy", ONEHOT, far, onehot, **o)
        write(file, "cross_entropy", PROBS, far, probs, **o)
        write(file, "cross_entropy", INDEX, far, none, **o)
    write(file, "cross_entropy", PROBS, 1e25 * far, probs, label_smoothing=0.25)
    write(file, "cross_entropy", INDEX, far, np.ones(4, int), weight=weight)  # all of the class without weight
    write(file, "nll", INDEX, far, none)
    write(file, "nll", INDEX, far, labels, weight=weight)
    write(file, "multi_margin", INDEX, far, labels, p=2)
    write(file, "bce_with_logits", MULTILABEL, far, on)
    write(file, "bce_with_logits", VALUES, far, probs, pos_weight=[3.0, 0.0, 1.0, 1e3])
    for name in "soft_margin", "hinge":
        write(file, name, MULTILABEL, far, on)
    edge = np.array([[0, 1, 0, 1], [1e-45, 1 - 2**-24, 1e-38, 0.5], [1e-30, 1 - 2**-23, 1e-7, 2**-24]], np.float32)
    hard = np.array([[0, 1, 1, 0], [1, 0, 1, 0], [1, 0, 1, 0]], np.float32)
    for row in range(3):
        write(file, "bce", MULTILABEL, edge[row:row + 1], hard[row:row + 1])
        write(file, "bce", MULTILABEL, edge[row:row + 1], 1 - hard[row:row + 1])
        write(file, "bce", VALUES, edge[row:row + 1], np.full((1, 4), 0.25, np.float32))
    for name in "mse", "l1", "smooth_l1", "huber":
        write(file, name, VALUES, far, -far)
    write(file, "kl_div", PROBS, -abs(far), probs)
    write(file, "kl_div", VALUES, -abs(far), np.log(np.maximum(probs, np.float32(1e-30))), log_target=True)
    steep = np.array([[-1e4, -104, -88, 0], [80, 88, 30, -30]], np.float32)
    write(file, "poisson_nll", VALUES, steep, np.array([[0, 1, 7, 1e6], [3, 0, 1e4, 2]], np.float32), full=True)
    write(file, "poisson_nll", VALUES, abs(steep), np.array([[0, 1, 7, 1e6], [3, 0, 1e4, 2]], np.float32), log_input=False)


def focal(file, random, n, k):
    x, labels, on = grid(random, n, k), random.integers(0, k, n), random.integers(0, 2, (n, k)).astype(np.float32)
    weight, weights = class_weights(random, k), random.integers(0, 12, n).astype(np.float32) / 4
    for gamma in 0.0, 1.5, 2.0:
        if gamma or k > 1:  # torch's derivative of 0^0 is NaN
            write(file, "focal", INDEX, x, labels, gamma=gamma)
        write(file, "focal", MULTILABEL, x, on, gamma=gamma)
    write(file, "focal", INDEX, x, ignoring(random, labels), weight=weight, weights=weights)
    write(file, "focal", ONEHOT, x, np.eye(k, dtype=np.float32)[labels], gamma=3.0)
    write(file, "focal", MULTILABEL, x, on, alpha=-1.0, weights=weights)
    write(file, "focal", MULTILABEL, x, on, alpha=0.75, weight=weight)


def losses():
    file, random = Cases("losses.txt"), generator(5)
    for n, k in SIZES:
        classes(file, random, n, k)
        labels_and_values(file, random, n, k)
    awkward(file)
    random = generator(15)
    for n, k in SIZES:
        focal(file, random, n, k)
    file.write()
