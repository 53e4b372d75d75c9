#!/usr/bin/env python3
"""What each kind of data.transforms and data.augment costs, in microseconds of one core for a sample of 3x32x32 bytes.

    python3 tests/bench/steps.py [--rounds 3] [--epochs 8] [KIND ...]

A network that is one small layer is trained with and without the step; what counts is the CPU time of the process beyond that of a
run without, the least of some rounds in turns, so a busy machine disturbs little. A step that makes samples smaller is compared with
samples that are stored so. Needs python3 with numpy and h5py, and the built program.
"""
import argparse
import os
import subprocess
import tempfile

import h5py
import numpy as np

from ddp_train_side import harness

SAMPLES = 8192
CONFIG = """
run: {{isa: {isa}}}
data: {{train: {path}, {steps}}}
model: {{layers: [{{linear: 10}}]}}
train: {{epochs: {epochs}, batch: 256}}
optim: {{name: sgd, lr: 0}}
checkpoint: {{every_epochs: 0}}
log: {{every_steps: 0}}
"""
SHORT = "transforms: [{scale: {factor: 0.004}}"
STEPS = {  # name: (what it is compared with, steps)
    "none": (None, "normalize: unit"),
    "none, 24x24": (None, "x: small, normalize: unit"),
    "scale, 24x24": ("none, 24x24", "x: small, " + SHORT + "]"),
    "scale": ("none", SHORT + "]"),
    "standard": ("none", "transforms: [standard]"),
    "clip": ("scale", SHORT + ", {clip: {max: 0.5}}]"),
    "log1p": ("scale", SHORT + ", log1p]"),
    "channels": ("scale", SHORT + ", {channels: [2, 1, 0]}]"),
    "crop_center 24": ("scale, 24x24", SHORT + ", {crop_center: 24}]"),
    "resize 24": ("scale, 24x24", SHORT + ", {resize: 24}]"),
    "resize 24, nearest": ("scale, 24x24", SHORT + ", {resize: {size: 24, mode: nearest}}]"),
    "flip": ("none", "normalize: unit, augment: [flip]"),
    "crop 4": ("none", "normalize: unit, augment: [{crop: 4}]"),
    "crop 4, flip": ("none", "normalize: unit, augment: [{crop: 4}, flip]"),
    "crop 4, size 24": ("none, 24x24", "normalize: unit, augment: [{crop: {padding: 4, size: 24}}]"),
    "window 24": ("none, 24x24", "normalize: unit, augment: [{window: 24}]"),
    "rotate90": ("none", "normalize: unit, augment: [rotate90]"),
    "shift 4": ("none", "normalize: unit, augment: [{shift: 4}]"),
    "noise": ("none", "normalize: unit, augment: [{noise: 0.1}]"),
    "scale (augment)": ("none", "normalize: unit, augment: [{scale: 0.1}]"),
    "brightness": ("none", "normalize: unit, augment: [{brightness: 0.1}]"),
    "contrast": ("none", "normalize: unit, augment: [{contrast: 0.1}]"),
    "channel_dropout": ("none", "normalize: unit, augment: [{channel_dropout: 0.1}]"),
    "cutout 8": ("none", "normalize: unit, augment: [{cutout: 8}]"),
    "mixup": ("none", "normalize: unit, augment: [{mixup: 1}]"),
    "cutmix": ("none", "normalize: unit, augment: [{cutmix: 1}]"),
}


def cpu_seconds(config, folder, number):
    """Of one run, without the start of the process and of MPI: those are the same in all."""
    config_path = os.path.join(folder, "steps.yaml")
    with open(config_path, "w") as f:
        f.write(config)
    process = subprocess.Popen(harness.command(["train", config_path, "-o", os.path.join(folder, f"run{number}")]),
                               env=harness.environment(), stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"failed: {config}")
    return usage.ru_utime


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", help="words of the names of steps; none = all")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--isa", default="auto")
    options = parser.parse_args()
    chosen = [name for name in STEPS if not options.kinds or any(kind in name for kind in options.kinds)]
    needed = [name for name in STEPS if name in chosen or any(STEPS[other][0] == name for other in chosen)]
    least = {}
    with tempfile.TemporaryDirectory(prefix="ddp_steps_") as folder:
        path = os.path.join(folder, "images.h5")
        random = np.random.default_rng(1)
        with h5py.File(path, "w") as f:
            f["x"] = random.integers(0, 256, (SAMPLES, 3, 32, 32), dtype=np.uint8)
            f["small"] = f["x"][:, :, :24, :24]
            f["y"] = random.integers(0, 10, SAMPLES)
        number = 0
        for _ in range(options.rounds):
            for name in needed:
                number += 1
                text = CONFIG.format(path=path, steps=STEPS[name][1], epochs=options.epochs, isa=options.isa)
                least[name] = min(least.get(name, float("inf")), cpu_seconds(text, folder, number))
    print(f"{'step':20} us/sample")
    for name in chosen:
        against = STEPS[name][0]
        beyond = least[name] - least[against] if against else least[name]
        print(f"{name:20} {1e6 * beyond / SAMPLES / options.epochs:8.2f}{'' if against else '  (all of a run)'}")


if __name__ == "__main__":
    main()
