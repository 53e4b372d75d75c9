"""Augmentation again, in numpy: written from the help texts, with the program's random numbers (tests/reference/counter_random.py).

Samples are [C][D][H][W]; `moves` are functions of (place in the list, draw) that take and return such arrays, where draw(d) returns four
words of 32 bits. Axes that a sample does not have are 1.
"""
import os
import sys

import numpy as np

import harness

sys.path.insert(0, os.path.join(harness.SOURCE, "tests", "reference"))
import counter_random  # noqa: E402

AXES = "dhw"
PAD = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def words(seed, epoch, step, draw, key):
    return [int(w) for w in counter_random.words(seed, counter_random.AUGMENT, (epoch << 40) | (step << 32) | draw, key)]


def unit(word):
    return float(counter_random.unit(np.uint32(word)))


def integer(word, count):
    return word * count >> 32


def flip(x, w, axis="w", p=0.5):
    for a, name in enumerate(AXES):
        if name in axis and unit(w[a]) < p:
            x = np.flip(x, a + 1)
    return x


def crop(x, w, padding=(0, 0, 0), mode="constant", fill=0, size=None):
    """Pads as torchvision's RandomCrop and cuts the former size, or a smaller one."""
    size = [s or n for s, n in zip(size or (0, 0, 0), x.shape[1:])]
    pads = [(0, 0)] + [(p, p) for p in padding]
    x = np.pad(x, pads, PAD[mode], **(dict(constant_values=fill) if mode == "constant" else {}))
    for a, n in enumerate(size):
        x = np.take(x, np.arange(n) + integer(w[a], x.shape[a + 1] - n + 1), a + 1)
    return x


def middle(x, size):
    """What evaluation takes of samples [N][C][D][H][W]."""
    for a, n in enumerate(size, 2):
        x = np.take(x, np.arange(n) + round((x.shape[a] - n) / 2), a) if n else x
    return x


def shift(x, w, largest=(0, 0, 0), mode="constant", fill=0):
    """Position i becomes i + s."""
    size = x.shape[1:]
    far = [integer(w[a], 2 * m + 1) - m for a, m in enumerate(largest)]
    if mode == "circular":
        return np.roll(x, far, (1, 2, 3))
    x = np.pad(x, [(0, 0)] + [(m, m) for m in largest], PAD[mode], **(dict(constant_values=fill) if mode == "constant" else {}))
    for a, (m, n) in enumerate(zip(largest, size)):
        x = np.take(x, np.arange(n) + m - far[a], a + 1)
    return x


def rotate90(x, w, p=1):
    return np.rot90(x, integer(w[1], 4), (2, 3)) if unit(w[0]) < p else x


def scale(x, w, range, p=1):
    return x * np.float32(1 + range * (2 * unit(w[1]) - 1)) if unit(w[0]) < p else x


def brightness(x, w, range, p=1):
    return x + np.float32(range * (2 * unit(w[1]) - 1)) if unit(w[0]) < p else x


def contrast(x, w, range, p=1):
    mean = x.mean((1, 2, 3), np.float64, keepdims=True)
    return ((x - mean) * (1 + range * (2 * unit(w[1]) - 1)) + mean).astype(np.float32) if unit(w[0]) < p else x


def all_words(w, count, first):
    """Words of the draws from `first` on; w is a Draw."""
    return np.concatenate([w.draw(first + i) for i in range((count + 3) // 4)])[:count]


def channel_dropout(x, w, p):
    keep = np.array([unit(word) >= p for word in all_words(w, len(x), 0)])
    return x * keep[:, None, None, None].astype(np.float32)


def noise(x, w, std, p=1):
    from statistics import NormalDist
    if unit(w[0]) >= p:
        return x
    numbers = [NormalDist().inv_cdf(((word >> 8) + 0.5) / 2**24) for word in all_words(w, x.size, 1)]
    return (x + std * np.reshape(numbers, x.shape)).astype(np.float32)


def cutout(x, w, size, p=1):
    if unit(w[0]) >= p:
        return x
    x, w = x.copy(), w.draw(1)
    box = [slice(None)]
    for a, (n, s) in enumerate(zip(x.shape[1:], size)):
        first = integer(w[a], n) - s // 2
        box.append(slice(max(first, 0), min(first + s, n)) if s else slice(None))
    x[tuple(box)] = 0
    return x


def beta(w, alpha):
    for number in range(1, 1001):
        x, y = (((word + 0.5) / 2**32) ** (1 / alpha) for word in w.draw(number)[:2])
        if 0 < x + y <= 1:
            return x / (x + y)
    raise AssertionError


def mixup(x, other, t, other_t, w, alpha, p=1):
    s = beta(w, alpha) if unit(w[0]) < p else 1
    return s * x + (1 - s) * other, s * t + (1 - s) * other_t


def cutmix(x, other, t, other_t, w, alpha, p=1, positions=False):
    if unit(w[0]) >= p:
        return x, t
    axes = [a for a in (1, 2, 3) if a >= 4 - RANK]
    side, inside = (1 - beta(w, alpha)) ** (1 / len(axes)), np.ones(x.shape[1:], bool)
    for a in axes:
        n = x.shape[a]
        size, first = int(side * n), integer(w[a], n)
        places = np.arange(n)
        places = (places >= first - size // 2) & (places < first - size // 2 + size)
        inside &= places.reshape([-1 if k == a else 1 for k in (1, 2, 3)])
    s = 1 - inside.mean()
    if positions:  # of targets [K][D][H][W]
        return np.where(inside, other, x), np.where(inside, other_t, t)
    return np.where(inside, other, x), s * t + (1 - s) * other_t


def mix(x, t, steps, seed, epoch, virtual):
    """All samples and targets; each is mixed with the one before it in its virtual rank's slice."""
    global RANK
    RANK = 3 if x.shape[2] > 1 else 2 if x.shape[3] > 1 else 1
    size = len(x) // virtual
    for i, (function, arguments) in enumerate(steps):
        before = [n - 1 if n % size else n + size - 1 for n in range(len(x))]
        pairs = [function(x[n], x[m], t[n], t[m], Draw(seed, epoch, i, n), **arguments) for n, m in enumerate(before)]
        x, t = (np.stack(part) for part in zip(*pairs))
    return x, t


class Draw(list):
    """The words of draw 0, and of the others."""

    def __init__(self, *where):
        super().__init__(words(*where[:3], 0, where[3]))
        self.where = where

    def draw(self, number):
        return words(*self.where[:3], number, self.where[3])


def apply(x, steps, seed, epoch, key):
    """One sample [C][D][H][W] through [(function, arguments), ...]."""
    for i, (function, arguments) in enumerate(steps):
        x = function(x, Draw(seed, epoch, i, key), **arguments)
    return x
