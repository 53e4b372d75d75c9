"""The program's counter-based random numbers (src/core/rng.c) again, in numpy: Philox4x32-10.

Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC'11. Written from the paper, not from the C code, so that
agreement means something.
"""
import numpy as np

INIT, ORDER, DROPOUT, DEMO, SYNTHETIC, DRAWN, AUGMENT = 1, 2, 3, 4, 5, 6, 7  # enum rng_purpose


def philox(counter, key):
    """counter: four and key: two uint32 arrays or numbers (broadcast); returns four uint32 arrays."""
    c = [np.asarray(x, np.uint64) for x in np.broadcast_arrays(*counter)]
    k0, k1 = int(key[0]), int(key[1])
    low = np.uint64(0xFFFFFFFF)
    for _ in range(10):
        p0, p1 = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        c = [(p1 >> np.uint64(32)) ^ c[1] ^ np.uint64(k0), p1 & low, (p0 >> np.uint64(32)) ^ c[3] ^ np.uint64(k1), p0 & low]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return [x.astype(np.uint32) for x in c]


def words(seed, purpose, a, b):
    """rng_words: four uint32 arrays for 64-bit a and b."""
    a, b = np.asarray(a, np.uint64), np.asarray(b, np.uint64)
    low, up = np.uint64(0xFFFFFFFF), np.uint64(32)
    key = (seed & 0xFFFFFFFF, (seed >> 32) ^ (purpose * 0x9E3779B1 & 0xFFFFFFFF))
    return philox((a & low, a >> up, b & low, b >> up), key)


def stream(seed, purpose, a, count):
    """Words 0 .. count-1 of the counters (a, 0), (a, 1), ...; a: (n,) array; returns (n, count) uint32."""
    a = np.atleast_1d(np.asarray(a, np.uint64))
    blocks = np.arange((count + 3) // 4, dtype=np.uint64)
    return np.stack(words(seed, purpose, a[:, None], blocks[None, :]), axis=-1).reshape(len(a), -1)[:, :count]


def unit(w):
    """A word as float32 in [0, 1): its upper 24 bits."""
    return (w >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)


def initial_tensor(seed, number, shape, fan_in):
    """model_init_params: parameter tensor `number` of the model, PyTorch's default uniform +-1/sqrt(fan_in)."""
    bound = np.float32(1 / np.sqrt(np.float64(fan_in)))
    w = stream(seed, INIT, number, int(np.prod(shape)))[0]
    return (bound * (2 * unit(w) - 1)).astype(np.float32).reshape(shape)


def synthetic(samples, shape, classes):
    """The source synthetic:CxHxW:K:N: features (N, C, H, W) float32 and labels (N,)."""
    s = np.arange(samples)
    x = 2 * unit(stream(0, SYNTHETIC, s, int(np.prod(shape)))) - 1
    y = words(0, SYNTHETIC, s, 1 << 32)[0] % np.uint32(classes)
    return x.reshape(samples, *shape), y.astype(np.int64)


def synthetic_labels(samples, count):
    """The words behind `count` label numbers of each sample of synthetic:CxHxW:LABELS:N: (N, count) uint32."""
    s, blocks = np.arange(samples), (1 << 32) + np.arange((count + 3) // 4)
    return np.stack(words(0, SYNTHETIC, s[:, None], blocks[None, :]), axis=-1).reshape(samples, -1)[:, :count]


def self_test():
    """Known answers of Random123's kat_vectors for philox4x32 10."""
    known = [((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
             ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
             ((0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0),
              (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1))]
    for counter, key, answer in known:
        assert tuple(int(x) for x in philox(counter, key)) == answer, (counter, key)


self_test()
