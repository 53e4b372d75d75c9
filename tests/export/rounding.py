"""How far two programs may be apart that compute the same network in float32."""
import numpy

UNIT = 2.0 ** -24  # rounding of float32


def bound(count, expected, times=2):
    """Roundings are independent, each at most a unit of the largest number: `count` of them add up to less than the root of that many
    units; twice that for two programs. `count`: the terms of the sums that stand one behind the other between input and output."""
    return times * UNIT * numpy.sqrt(count) * max(1, numpy.abs(expected).max())
