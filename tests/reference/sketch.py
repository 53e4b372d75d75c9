"""A few numbers that stand for a large tensor, shared by the maker of the reference and the test that compares.

`positions`: up to 64 positions spread over the tensor, whose values are compared one by one.

`sketch`: the inner products with 16 fixed vectors of random signs. For an error vector e the root mean square of <s, e> over
random signs s is the L2 norm of e (Alon, Matias, Szegedy, "The space complexity of approximating the frequency moments",
STOC 1996), so the differences of two sketches measure the error of the WHOLE tensor, to about a fifth, without storing it.
"""
import numpy as np

SKETCHES = 16


def positions(count):
    return np.unique(np.linspace(0, count - 1, min(64, count)).astype(np.int64))


def sketch(values):
    flat = np.asarray(values, np.float64).reshape(-1)
    random = np.random.RandomState(len(flat) % 2**32)  # the legacy generator: frozen, the same in every numpy
    return np.array([flat @ (2.0 * random.randint(0, 2, len(flat), np.int8) - 1) for _ in range(SKETCHES)])


def rms(values):
    return float(np.sqrt(np.mean(np.square(np.asarray(values, np.float64)))))
