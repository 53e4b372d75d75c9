"""Every loss against the PyTorch that is installed: two steps of gradient descent with ddp_train and with torch in float64, from the
same weights, on the same data, at 1, 3 and 4 ranks. The losses of both steps and the weights after them must agree to float32 rounding.

The network is one linear layer (and what makes probabilities of its outputs, where the loss wants them). Batches are of 64 samples and
of 7 or 1, so most virtual ranks of the second step have none; some of the first have no valid label.
"""
import os
import sys
import unittest

import h5py
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "e2e"), os.path.join(HERE, "..", "reference")]
import counter_random  # noqa: E402
import harness  # noqa: E402

try:
    import torch
    from torch import nn
except ImportError as error:
    torch, missing = None, str(error)
else:
    missing = None

ULP = 2.0**-24
BATCH, FEATURES, OUTPUTS, RATE, SEED = 64, 6, 4, 0.125, 3

CONFIG = """
run: {{name: losses, seed: {seed}}}
data: {{train: "{file}:{group}", y: {y}, labels: {labels}, normalize: none{weights}}}
model:
  input: [{features}]
  layers:
    - linear: {outputs}
{last}
loss: {{{loss}}}
train: {{epochs: 1, batch: {batch}, shuffle: false, virtual_ranks: 8}}
optim: {{name: sgd, lr: {rate}}}
schedule: {{name: constant}}
log: {{every_steps: 1}}
"""

# Loss, labels in the file, their kind, the layer behind the linear one, and arguments.
W, P = [2.0, 0.0, 0.5, 1.25], [3.0, 1.0, 0.25, 0.0]
SWEEP = [(name, y, kind, last, o) for name, labels, last, options in [
    ("cross_entropy", ["index", "onehot", "probs"], None, [{}, {"weight": W}, {"label_smoothing": 0.2}, {"weight": W, "label_smoothing": 0.1}]),
    ("cross_entropy", ["ignored"], None, [{}, {"weight": W, "label_smoothing": 0.1}]),
    ("cross_entropy", ["index"], None, [{"ignore_index": 2}]),
    ("nll", ["index", "ignored"], "log_softmax", [{}, {"weight": W}]),
    ("bce_with_logits", ["multilabel", "soft"], None, [{}, {"weight": W}, {"pos_weight": P}, {"weight": W, "pos_weight": P}]),
    ("bce", ["multilabel", "soft"], "sigmoid", [{}, {"weight": W}]),
    ("mse", ["target"], None, [{}]), ("l1", ["target"], None, [{}]),
    ("smooth_l1", ["target"], None, [{}, {"beta": 0.25}]), ("huber", ["target"], None, [{}, {"delta": 0.25}]),
    ("kl_div", ["probs"], "log_softmax", [{}]), ("kl_div", ["log_probs"], "log_softmax", [{"log_target": True}]),
    ("poisson_nll", ["counts"], None, [{}, {"full": True}]),
    ("poisson_nll", ["counts"], "sigmoid", [{"log_input": False, "full": True, "eps": 0.01}]),
    ("multi_margin", ["index"], None, [{}, {"p": 2, "margin": 0.5}, {"weight": W}]),
    ("hinge", ["multilabel"], None, [{}, {"margin": 0.5}]), ("soft_margin", ["multilabel"], None, [{}])]
    for y in labels for kind in [{"ignored": "index", "soft": "target", "log_probs": "target", "counts": "target"}.get(y, y)] for o in options]
WEIGHTED = [("cross_entropy", "ignored", {"weight": W}), ("cross_entropy", "probs", {"label_smoothing": 0.1}), ("nll", "index", {}),
            ("bce_with_logits", "multilabel", {"pos_weight": P}), ("mse", "target", {}), ("kl_div", "probs", {}), ("multi_margin", "index", {})]


def make_data(path):
    random = np.random.default_rng(11)
    with h5py.File(path, "w") as f:
        for rest in 1, 7:
            n, g = BATCH + rest, f.create_group(f"rest{rest}")
            index = random.integers(0, OUTPUTS, n)
            probs = random.dirichlet(np.full(OUTPUTS, 0.7), n)
            probs[:, -1] += 1 - probs.sum(1)
            ignored = np.where(random.random(n) < 0.3, -100, index)
            ignored[8:33] = -100  # three virtual ranks of eight samples, and a bit
            g["x"] = random.standard_normal((n, FEATURES)).astype(np.float32)
            g["index"], g["ignored"], g["onehot"], g["probs"] = index, ignored, np.eye(OUTPUTS)[index], probs.astype(np.float32)
            g["log_probs"] = np.log(probs + 0.01).astype(np.float32)
            g["multilabel"] = random.integers(0, 2, (n, OUTPUTS))
            g["soft"] = random.random((n, OUTPUTS)).astype(np.float32)
            g["target"] = random.standard_normal((n, OUTPUTS)).astype(np.float32)
            g["counts"] = random.poisson(2.0, (n, OUTPUTS))
            weights = random.integers(0, 8, n) / 4
            weights[16:25] = 0
            weights[-1] = 0.75
            g["weights"] = weights.astype(np.float32)


def torch_loss(name, options, reduction):
    options = {k: torch.tensor(v, dtype=torch.float64) if isinstance(v, list) else v for k, v in options.items()}
    margin = options.pop("margin", 1.0) if name == "hinge" else None
    made = {"cross_entropy": nn.CrossEntropyLoss, "nll": nn.NLLLoss, "bce_with_logits": nn.BCEWithLogitsLoss, "bce": nn.BCELoss,
            "mse": nn.MSELoss, "l1": nn.L1Loss, "smooth_l1": nn.SmoothL1Loss, "huber": nn.HuberLoss, "kl_div": nn.KLDivLoss,
            "poisson_nll": nn.PoissonNLLLoss, "multi_margin": nn.MultiMarginLoss, "soft_margin": nn.SoftMarginLoss}
    if name == "hinge":
        reduce = {"mean": torch.mean, "sum": torch.sum}[reduction]
        return lambda x, t: reduce(torch.relu(margin - (2 * t - 1) * x))
    if name == "soft_margin":
        return lambda x, t: nn.SoftMarginLoss(reduction=reduction)(x, 2 * t - 1)
    return made[name](reduction=reduction, **options)


def weighted_mean(name, options, x, target, weights):
    """Each sample's terms times its weight, divided by the weighted number of what torch's mean counts."""
    share = torch.full((len(x),), 1.0 if name in ("cross_entropy", "nll", "multi_margin") else OUTPUTS, dtype=torch.float64)
    values = torch_loss(name, options, "none")(x, target)
    if target.dtype == torch.int64 and name in ("cross_entropy", "nll"):
        share = (target != -100).double()
        if "weight" in options:
            share = share * torch.tensor(options["weight"], dtype=torch.float64)[target.clamp(min=0)]
    return (values.reshape(len(x), -1).sum(1) * weights).sum() / (share * weights).sum()


@unittest.skipIf(torch is None, f"torch cannot be imported: {missing}")
class Losses(harness.Case):
    def setUp(self):
        super().setUp()
        make_data(self.path("data.h5"))
        self.shown = 0

    def by_torch(self, name, y, last, options, reduction, group, weighted, rate):
        """Losses of the two steps, and weight and bias after them."""
        with h5py.File(self.path("data.h5"), "r") as f:
            x, target = (torch.from_numpy(f[group][key][()]) for key in ("x", y))
            weights = torch.from_numpy(f[group]["weights"][()]).double()
        one_index = y in ("index", "ignored")
        target = target.long() if one_index else target.double()
        params = [torch.from_numpy(counter_random.initial_tensor(SEED, number, shape, FEATURES)).double().requires_grad_()
                  for number, shape in enumerate([(OUTPUTS, FEATURES), (OUTPUTS,)])]
        losses, size = [], 0
        for batch in slice(0, BATCH), slice(BATCH, None):
            out = x[batch].double() @ params[0].T + params[1]
            out = {None: lambda z: z, "sigmoid": torch.sigmoid, "log_softmax": lambda z: torch.log_softmax(z, 1)}[last](out)
            if weighted:
                loss = weighted_mean(name, options, out, target[batch], weights[batch])
            else:
                loss = torch_loss(name, options, reduction)(out, target[batch])
            losses.append(loss.item())
            grads = torch.autograd.grad(loss, params)
            size = max(size, *(g.abs().max().item() for g in grads))
            with torch.no_grad():
                for p, g in zip(params, grads):
                    p -= rate * g
        return losses, [p.detach().numpy() for p in params], size

    def compare(self, ranks, name, y, kind, last, options, reduction="mean", rest=7, weighted=False):
        group, rate = f"rest{rest}", RATE if reduction == "mean" else RATE / (BATCH * OUTPUTS)
        want, params, size = self.by_torch(name, y, last, options, reduction, group, weighted, rate)
        loss = {"name": name, "reduction": reduction, **options}
        text = ", ".join(f"{k}: {str(v).lower()}" for k, v in loss.items())
        config = self.write("losses.yaml", CONFIG.format(
            seed=SEED, file=self.path("data.h5"), group=group, y=y, labels=kind, features=FEATURES, outputs=OUTPUTS, batch=BATCH,
            rate=rate, last=f"    - {last}" if last else "", loss=text, weights=", weights: weights" if weighted else ""))
        with self.subTest(loss=text, labels=y, rest=rest, ranks=ranks, weighted=weighted):
            result = self.train(config, ranks)
            have = [line["loss"] for line in result.of_kind("step")]
            self.assertEqual(len(have), 2)
            # The sums have at most BATCH * OUTPUTS terms, which are as large as their mean to within a factor, and the products
            # in front of them some FEATURES roundings; a wrong divisor or weight shows in the first digits.
            for a, b in zip(have, want):
                self.assertLessEqual(abs(a - b), 64 * ULP * max(abs(b), 1))
            found = harness.tensors(result.final)
            for key, value in zip(sorted(found, key=lambda k: "bias" in k), params):
                worst = abs(found[key] - value).max()
                self.assertLessEqual(worst, 64 * ULP * max(rate * size, 1), key)
            self.shown += 1

    def test_every_loss_and_option(self):
        for i, case in enumerate(SWEEP):
            for j, rest in enumerate((1, 7)):
                self.compare((None, 3, 4)[(i + j) % 3], *case, rest=rest)
        print(f"torch {torch.__version__}: {self.shown} runs agree")

    def test_sum(self):
        for i, name in enumerate(sorted({case[0] for case in SWEEP})):
            case = next(case for case in SWEEP if case[0] == name)
            self.compare((3, 4, None)[i % 3], *case, reduction="sum", rest=1)
        self.compare(3, "kl_div", "probs", "probs", "log_softmax", {}, reduction="batchmean")

    def test_sample_weights(self):
        for i, (name, y, options) in enumerate(WEIGHTED):
            case = next(case for case in SWEEP if case[:2] == (name, y))
            self.compare((3, 4, None)[i % 3], *case[:4], options, weighted=True)


if __name__ == "__main__":
    unittest.main()
