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


def crop(x, w, padding=(0, 0, 0), mode="constant", fill=0):
    """Pads as torchvision's RandomCrop and cuts the former size."""
    size = x.shape[1:]
    pads = [(0, 0)] + [(p, p) for p in padding]
    x = np.pad(x, pads, PAD[mode], **(dict(constant_values=fill) if mode == "constant" else {}))
    for a, (p, n) in enumerate(zip(padding, size)):
        x = np.take(x, np.arange(n) + integer(w[a], 2 * p + 1), a + 1)
    return x


def apply(x, steps, seed, epoch, key):
    """One sample [C][D][H][W] through [(function, arguments), ...]."""
    for i, (function, arguments) in enumerate(steps):
        x = function(x, words(seed, epoch, i, 0, key), **arguments)
    return x
