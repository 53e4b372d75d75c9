#!/usr/bin/env python3
"""The program's convolutions beside PyTorch's (oneDNN) in one process, on one core, in turns.

    python3 tests/bench/convolutions.py [--build build] [--samples 1 2 4] [--rounds 5] [NAME ...]

For each shape and number of samples: forward pass, data gradient, weight gradient, and the three together. PyTorch runs contiguous
and channels-last; what counts is the faster way of each product. Ratios above 1: the program is faster. A round takes every side once,
the ratio is the median of the rounds. NAME: words of the names of shapes. Needs torch, cc, and the built program (which must match the
machine's compiler flags: Release).
"""
import argparse
import ctypes
import glob
import os
import shlex
import statistics
import subprocess
import tempfile
import time

import torch

SOURCE = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
SECONDS = 0.03  # of a turn, about
# name, least ratio of the three together: (in, out, groups, size, kernel, stride, padding)
SHAPES = {
    ("conv3d 3x3x3 4 to 32, 64^3", 0.95): (4, 32, 1, (64, 64, 64), (3, 3, 3), 1, 1),
    ("conv3d 3x3x3 32 to 64, 32^3", 1.5): (32, 64, 1, (32, 32, 32), (3, 3, 3), 1, 1),
    ("conv3d 3x3x3 64 to 128, 16^3", 1.5): (64, 128, 1, (16, 16, 16), (3, 3, 3), 1, 1),
    ("conv3d 3x3x3 128 to 256, 8^3", 1.5): (128, 256, 1, (8, 8, 8), (3, 3, 3), 1, 1),
    ("conv3d 1x1x1 32 to 3, 64^3", 0.95): (32, 3, 1, (64, 64, 64), (1, 1, 1), 1, 0),
    ("conv 3x3 16 to 32, 192x288", 0.95): (16, 32, 1, (1, 192, 288), (1, 3, 3), 1, 1),
    ("conv 3x3 32 to 32, 96x96", 1.5): (32, 32, 1, (1, 96, 96), (1, 3, 3), 1, 1),
    ("conv 3x3 64 to 64, 96x96", 1.5): (64, 64, 1, (1, 96, 96), (1, 3, 3), 1, 1),
    ("conv 3x3 256 to 256, 16x16", 1.5): (256, 256, 1, (1, 16, 16), (1, 3, 3), 1, 1),
    ("conv 3x3 512 to 512, 4x4", 1.5): (512, 512, 1, (1, 4, 4), (1, 3, 3), 1, 1),
    ("conv 3x3/2 32 to 64, 96x96", 0.95): (32, 64, 1, (1, 96, 96), (1, 3, 3), 2, 1),
    ("conv 5x5 64 to 64, 32x64", 0.95): (64, 64, 1, (1, 32, 64), (1, 5, 5), 1, 2),
    ("conv 1x1 64 to 64, 96x96", 0.95): (64, 64, 1, (1, 96, 96), (1, 1, 1), 1, 0),
    ("conv 1x1 728 to 728, 6x9", 0.95): (728, 728, 1, (1, 6, 9), (1, 1, 1), 1, 0),
    ("conv 1x1 32 to 3, 192x288", 0.95): (32, 3, 1, (1, 192, 288), (1, 1, 1), 1, 0),
    ("depthwise 3x3 128, 56x56", 1.2): (128, 128, 128, (1, 56, 56), (1, 3, 3), 1, 1),
    ("depthwise 3x3/2 144, 56x56", 1.2): (144, 144, 144, (1, 56, 56), (1, 3, 3), 2, 1),
    ("conv1d 20 1 to 128, 4096", 1.05): (1, 128, 1, (1, 1, 4096), (1, 1, 20), 1, 0),
    ("conv1d 10 128 to 128, 2048", 1.05): (128, 128, 1, (1, 1, 2048), (1, 1, 10), 1, 0),
    ("conv1d 7 64 to 128, 1500", 1.05): (64, 128, 1, (1, 1, 1500), (1, 1, 7), 1, 3),
}
PRODUCTS = ("forward", "data", "weight")


def build_library(build, folder):
    """conv_side.c with the program's own objects."""
    path = os.path.join(folder, "conv_side.so")
    archives = [os.path.join(build, f"libddp_{name}.a") for name in ("bench", "train", "optim", "data", "nn", "comm", "math", "io", "core")]
    flags = subprocess.run(["pkg-config", "--libs", "openblas"], capture_output=True, text=True, check=True).stdout
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-std=gnu11", f"-I{SOURCE}/src", os.path.join(SOURCE, "tests", "bench", "conv_side.c"),
                    "-o", path, *archives, *shlex.split(flags), "-lm", "-lpthread"], check=True)
    library = ctypes.CDLL(path)
    library.conv_side_open.restype = ctypes.c_void_p
    library.conv_side_run.restype = ctypes.c_double
    library.conv_side_run.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int64]
    library.conv_side_close.argtypes = [ctypes.c_void_p]
    return library


class Ours:
    """The program's kernels for one shape."""

    def __init__(self, library, shape, samples):
        channels_in, channels_out, groups, size, kernel, stride, padding = shape
        numbers = [ctypes.c_int64(n) for n in (channels_in, channels_out, groups)]
        sides = [(ctypes.c_int64 * 3)(*side) for side in (size, kernel)]
        self.library = library
        self.handle = library.conv_side_open(*numbers, *sides, ctypes.c_int64(stride), ctypes.c_int64(padding), ctypes.c_int64(samples))
        if not self.handle:
            raise SystemExit("conv_side: memory is short")

    def run(self, product, calls):
        return self.library.conv_side_run(self.handle, product, calls)

    def close(self):
        self.library.conv_side_close(self.handle)


class Torch:
    """The same by PyTorch, in one memory format."""

    def __init__(self, shape, samples, channels_last):
        channels_in, channels_out, groups, size, kernel, stride, padding = shape
        axes = [axis for axis in range(3) if size[axis] > 1]
        self.axes = len(axes)
        self.place = {"stride": [stride] * self.axes, "padding": [padding] * self.axes, "groups": groups}
        self.weight = torch.rand(channels_out, channels_in // groups, *[kernel[a] for a in axes]) - 0.5
        self.x = torch.rand(samples, channels_in, *[size[a] for a in axes]) - 0.5
        self.bias = torch.rand(channels_out)
        if channels_last:
            memory = {2: torch.channels_last, 3: torch.channels_last_3d}[self.axes]
            self.x, self.weight = self.x.to(memory_format=memory), self.weight.to(memory_format=memory)
        self.dy = self.forward() * 0.5

    def forward(self):
        convolve = {1: torch.nn.functional.conv1d, 2: torch.nn.functional.conv2d, 3: torch.nn.functional.conv3d}[self.axes]
        return convolve(self.x, self.weight, self.bias, **self.place)

    def backward(self, data):
        return torch.ops.aten.convolution_backward(self.dy, self.x, self.weight, None, self.place["stride"], self.place["padding"],
                                                   [1] * self.axes, False, [0] * self.axes, self.place["groups"], [data, not data, False])

    def run(self, product, calls):
        start = time.perf_counter()
        for _ in range(calls):
            if product == 0:
                self.forward()
            else:
                self.backward(product == 1)
        return time.perf_counter() - start

    def close(self):
        pass


def measure(sides, product, rounds):
    """Seconds of a call: [side][round]."""
    calls = []
    for side in sides:
        side.run(product, 1)
        calls.append(max(1, round(SECONDS / side.run(product, 1))))
    return [list(times) for times in zip(*[[side.run(product, n) / n for side, n in zip(sides, calls)] for _ in range(rounds)])]


def compare(library, shape, samples, rounds):
    """Seconds a call of the program and of PyTorch's faster format, by product: [product][2][round]."""
    formats = [False, True] if sum(s > 1 for s in shape[3]) > 1 else [False]
    sides = [Ours(library, shape, samples), *[Torch(shape, samples, channels_last) for channels_last in formats]]
    result = []
    for product in range(len(PRODUCTS)):
        times = measure(sides, product, rounds)
        result.append((times[0], min(times[1:], key=statistics.median)))
    for side in sides:
        side.close()
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--build", default=os.path.join(SOURCE, "build"))
    parser.add_argument("--samples", nargs="+", type=int, default=[1, 2, 4])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if not glob.glob(os.path.join(options.build, "libddp_math.a")):
        parser.error(f"--build {options.build}: the program is not built there")
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    with tempfile.TemporaryDirectory() as folder:
        library = build_library(options.build, folder)
        print(f"PyTorch {torch.__version__}'s time / the program's, one core, medians of {options.rounds} rounds\n")
        print(f"{'shape':32}{'samples':>8}" + "".join(f"{p:>9}" for p in (*PRODUCTS, "all", "wanted")))
        for (name, wanted), shape in SHAPES.items():
            if not all(word in name for word in options.names):
                continue
            for samples in options.samples:
                times = compare(library, shape, samples, options.rounds)
                ratios = [statistics.median(t / o for o, t in zip(ours, theirs)) for ours, theirs in times]
                ours, theirs = [[sum(turn) for turn in zip(*[product[side] for product in times])] for side in range(2)]
                ratios.append(statistics.median(t / o for o, t in zip(ours, theirs)))
                print(f"{name:32}{samples:8}" + "".join(f"{r:9.2f}" for r in ratios) + f"{wanted:9.2f}", flush=True)


if __name__ == "__main__":
    main()
