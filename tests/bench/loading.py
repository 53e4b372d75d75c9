#!/usr/bin/env python3
"""Samples that stay in their file: how long steps wait for them, and how fast they come, side by side with other programs.

    python3 tests/bench/loading.py [--samples 100000] [--rounds 3] [--seconds 3] [--folder DIR] [--json FILE]

Images of 28x28 bytes with the content of real ones (half of each is background), once contiguous and once in gzip chunks of 32, shuffled.
First: two ranks train the tutorial's network and MLP-1024 from every store. "cold" is the first epoch of a run, with the file dropped from
the system's cache before; "warm" is the median of the next two. Then, in turns: samples/s and GB/s of ddp_train with a network that is one
small layer, of `dd`, of h5py in one process, and of PyTorch's DataLoader with two workers that open the file themselves; of the others
only the reading counts, they train nothing.

Needs python3 with numpy and h5py, for the DataLoader torch, and the built program (DDP_TRAIN_BIN, else build/ddp_train).
"""
import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time

import h5py
import numpy as np

import ddp_train_side
from ddp_train_side import harness
from networks import ddp_train_layers

RANKS = 2
BATCH = 128
CHUNK = 32  # samples
STORES = ("node", "scratch", "window")
NETWORKS = {"tutorial": "tutorial", "MLP-1024": "mlp"}

CONFIG = """\
run: {{name: loading}}
data: {{train: {path}, store: {store}, normalize: unit}}
model:
  layers:
{layers}
train: {{epochs: {epochs}, batch: {batch}, virtual_ranks: {ranks}}}
optim: {{name: sgd, lr: 0.01}}
checkpoint: {{every_epochs: 0}}
log: {{every_steps: 0}}
"""


def write_files(folder, samples):
    """{kind: path}. A quarter of the pixels are noise, a quarter is smooth: gzip makes 40 % of them."""
    rng = np.random.default_rng(1)
    images = np.zeros((samples, 28, 28), np.uint8)
    images[:, 7:21, 7:21] = rng.integers(0, 256, (samples, 14, 14))
    images[:, :7, :14] = np.arange(14, dtype=np.uint8)
    labels = rng.integers(0, 10, samples).astype(np.uint8)
    paths = {}
    for kind, how in (("raw", {}), ("gzip", {"chunks": (CHUNK, 28, 28), "compression": "gzip"})):
        paths[kind] = os.path.join(folder, f"{kind}.h5")
        with h5py.File(paths[kind], "w") as f:
            f.create_dataset("x", data=images, **how)
            f["y"] = labels
    return paths


def drop_from_cache(path):
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)


def train(path, store, layers, epochs, folder):
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        config = os.path.join(scratch, "loading.yaml")
        with open(config, "w") as f:
            f.write(CONFIG.format(path=path, store=store, layers=layers, epochs=epochs, batch=BATCH, ranks=RANKS))
        return harness.Run(config, os.path.join(scratch, "run"), RANKS, [f"--data.scratch_dir={scratch}"]).of_kind("epoch")


def waiting(paths, options, folder):
    rows = []
    print(f"{'network':10}{'file':6}{'store':9}{'cold: data':>11}{'samples/s':>11}{'warm: data':>12}{'samples/s':>11}")
    for title in options.networks:
        for kind, path in paths.items():
            for store in options.stores:
                drop_from_cache(path)
                cold, *warm = train(path, store, ddp_train_layers(NETWORKS[title]), 3, folder)
                share, rate = (statistics.median(e[key] for e in warm) for key in ("data_share", "samples_per_second"))
                rows.append(dict(network=title, file=kind, store=store, cold_share=cold["data_share"], cold_rate=cold["samples_per_second"],
                                 warm_share=share, warm_rate=rate))
                print(f"{title:10}{kind:6}{store:9}{100 * cold['data_share']:9.1f} %{cold['samples_per_second']:11.0f}{100 * share:10.1f} %"
                      f"{rate:11.0f}", flush=True)
    return rows


def rate_of_ddp_train(path, seconds, folder):
    """Whole epochs with one small layer; how long they last does not depend on `seconds`."""
    epochs = train(path, "window", "    - linear: 10\n", 2, folder)
    return epochs[-1]["samples_per_second"]


def rate_of_dd(path, seconds, folder):
    """As many samples as the bytes of the file stand for."""
    with h5py.File(path) as f:
        samples = len(f["x"])
    start = time.perf_counter()
    subprocess.run(["dd", f"if={path}", "of=/dev/null", "bs=1M"], check=True, stderr=subprocess.DEVNULL)
    return samples / (time.perf_counter() - start)


def rate_of_h5py(path, seconds, folder):
    """Shuffled batches by lists of rows, in order within a batch as h5py wants it."""
    with h5py.File(path) as f:
        x, y = f["x"], f["y"]
        order = np.random.default_rng(2).permutation(len(x))
        start, count = time.perf_counter(), 0
        while time.perf_counter() - start < seconds and count + BATCH <= len(x):
            rows = np.sort(order[count:count + BATCH])
            _ = x[rows].astype(np.float32) / 255, y[rows]
            count += BATCH
        return count / (time.perf_counter() - start)


def rate_of_data_loader(path, seconds, folder):
    import torch

    class Images(torch.utils.data.Dataset):
        def __init__(self):
            self.file = None
            with h5py.File(path) as f:
                self.length = len(f["x"])

        def __len__(self):
            return self.length

        def __getitem__(self, index):
            if self.file is None:
                self.file = h5py.File(path)
            return torch.from_numpy(self.file["x"][index]).float() / 255, int(self.file["y"][index])

    loader = iter(torch.utils.data.DataLoader(Images(), BATCH, shuffle=True, num_workers=RANKS))
    next(loader)  # workers have started
    start, count = time.perf_counter(), 0
    for features, _ in loader:
        count += len(features)
        if time.perf_counter() - start >= seconds:
            break
    return count / (time.perf_counter() - start)


READERS = {"ddp_train": rate_of_ddp_train, "dd": rate_of_dd, "h5py": rate_of_h5py, "DataLoader": rate_of_data_loader}


def reading(paths, rounds, seconds, folder):
    rows = []
    print(f"\n{'file':6}{'reader':12}{'samples/s':>11}{'GB/s':>8}{'ddp_train is':>14}")
    for kind, path in paths.items():
        rates = {name: [] for name in READERS}
        for _ in range(rounds):
            for name, reader in READERS.items():
                rates[name].append(reader(path, seconds, folder))
        for name in READERS:
            rate = statistics.median(rates[name])
            ratio = statistics.median(a / b for a, b in zip(rates["ddp_train"], rates[name]))
            rows.append(dict(file=kind, reader=name, rates=rates[name], ratio=ratio))
            print(f"{kind:6}{name:12}{rate:11.0f}{rate * 784 / 1e9:8.3f}{ratio:12.2f} x", flush=True)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=100000)
    parser.add_argument("--networks", nargs="*", choices=NETWORKS, default=list(NETWORKS))
    parser.add_argument("--stores", nargs="*", choices=STORES, default=STORES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--folder", help="where to make the files (default: the temporary folder)")
    parser.add_argument("--json")
    options = parser.parse_args()
    ddp_train_side.check_program()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        paths = write_files(folder, options.samples)
        print("  ".join(f"{kind} {os.path.getsize(path) / 1e6:.0f} MB" for kind, path in paths.items()), flush=True)
        result = dict(waiting=waiting(paths, options, folder), reading=reading(paths, options.rounds, options.seconds, folder))
    if options.json:
        with open(options.json, "w") as f:
            json.dump(result, f, indent=1)


if __name__ == "__main__":
    main()
