"""What the generators of reference cases share (the format is told in make_cases.py)."""
import os

import numpy as np
import torch

FOLDER = os.path.dirname(os.path.abspath(__file__))
SEED = 0  # of the committed cases; another one draws other numbers


def generator(subject):
    """A subject's own stream of random numbers."""
    return np.random.default_rng([subject, SEED] if SEED else subject)


class Cases:
    """A file of cases; inputs are given as float32 arrays, results as float64."""

    def __init__(self, name):
        self.path, self.lines = os.path.join(FOLDER, name), []

    def case(self, name, **arrays):
        self.lines.append(f"case {name}")
        for word, value in arrays.items():
            a = np.asarray(value.detach() if torch.is_tensor(value) else value)
            digits = 9 if a.dtype == np.float32 else 17 if a.ndim == 0 else 10
            numbers = [str(a.ndim), *map(str, a.shape), *(f"{v:.{digits}g}" for v in a.reshape(-1))]
            self.lines.append(f"{word} {' '.join(numbers)}")
        self.lines.append("end")

    def write(self):
        with open(self.path, "w") as f:
            f.write("\n".join(self.lines) + "\n")


def draw(random, *shape):
    return random.standard_normal(shape).astype(np.float32)


def gradients(function, inputs, dy=None, random=None):
    """Runs function on float64 copies; returns y, dy (float32, drawn if not given), and the inputs' gradients."""
    leaves = [torch.from_numpy(i).double().requires_grad_() for i in inputs]
    y = function(*leaves)
    dy = draw(random, *y.shape) if dy is None else dy
    y.backward(torch.from_numpy(dy).double())
    return y, dy, [leaf.grad for leaf in leaves]
