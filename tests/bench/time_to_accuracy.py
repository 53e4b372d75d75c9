#!/usr/bin/env python3
"""Time to accuracy on Fashion-MNIST, ddp_train against PyTorch: the whole process from start to exit, on two cores.

    python3 tests/bench/time_to_accuracy.py [--networks tutorial cnn] [--rounds 1] [--seed 1] [--json FILE]

The tutorial's network shall reach a test accuracy of 0.885, CNN 32-64 one of 0.92. Both sides follow the recipe of launch/, with the fewest
epochs that reach the goal: same batch, schedule, optimizer, number of epochs, an evaluation after every epoch, no augmentation. PyTorch runs
in the fastest of its eager ways, found by a short measurement that is not counted; torch.compile is left out, as the short last batch
of an epoch makes it compile once more. Neither side is charged for unpacking the archives: ddp_train reads HDF5 files that it
converted before, PyTorch the plain IDX files. They take turns.

Needs python3 with torch, the built program (DDP_TRAIN_BIN, else build/ddp_train), and the archives in datasets/download/fashion-mnist
(datasets/fetch.sh fashion-mnist) or ../shared/data/fashion-mnist.
"""
import argparse
import gzip
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack

import ddp_train_side
import torch_side
from bench import RANKS, Ways
from ddp_train_side import harness

# Goal, file in launch/, and its recipe; epochs and warmup_epochs replace the file's.
RECIPES = {
    "tutorial": dict(goal=0.885, config="fashion-mnist.yaml", epochs=5, warmup_epochs=1.5, batch=256, lr=0.15, momentum=0.9,
                     weight_decay=5e-4),
    "cnn": dict(goal=0.92, config="fashion-mnist-cnn.yaml", epochs=7, warmup_epochs=2, batch=128, lr=0.06, momentum=0.9,
                weight_decay=5e-4),
}
FOLDERS = [os.path.join(harness.SOURCE, *parts) for parts in (("datasets", "download", "fashion-mnist"),
                                                              ("..", "shared", "data", "fashion-mnist"))]


def unpack(folder):
    """Both sides' files: {train,test}.h5 and {train,test}-{images,labels}."""
    source = next((f for f in FOLDERS if os.path.isdir(f)), None)
    if not source:
        raise SystemExit("the archives are neither in " + " nor in ".join(FOLDERS) + ": run datasets/fetch.sh fashion-mnist")
    for split, archive in (("train", "train"), ("test", "t10k")):
        packed = [os.path.join(source, f"{archive}-{kind}-ubyte.gz") for kind in ("images-idx3", "labels-idx1")]
        for path, kind in zip(packed, ("images", "labels")):
            with gzip.open(path) as f, open(os.path.join(folder, f"{split}-{kind}"), "wb") as out:
                shutil.copyfileobj(f, out)
        done = harness.run(["convert", "idx", *packed, os.path.join(folder, f"{split}.h5")])
        if done.returncode != 0:
            raise SystemExit(done.stderr)


def fastest_way(network, batch):
    """(processes, threads, way) of PyTorch."""
    with ExitStack() as stack:
        teams = [stack.enter_context(torch_side.Team(*shape, network, batch // shape[0])) for shape in ((RANKS, 1), (1, RANKS))]
        tried = Ways(teams, network, compiled=False).tried
        team, way = max(tried, key=tried.get)
        return team.processes, team.threads, way


def ours(recipe, data, seed):
    """What a user would type, and what its run directory says."""
    with tempfile.TemporaryDirectory() as folder:
        values = {"data.train": f"{data}/train.h5", "data.val": f"{data}/test.h5", "run.seed": seed, "train.batch": recipe["batch"],
                  "train.epochs": recipe["epochs"], "schedule.warmup_epochs": recipe["warmup_epochs"], "optim.lr": recipe["lr"],
                  "optim.momentum": recipe["momentum"], "optim.weight_decay": recipe["weight_decay"]}
        flags = [f"--{key}={value}" for key, value in values.items()]
        start = time.perf_counter()
        run = harness.Run(os.path.join(harness.SOURCE, "launch", recipe["config"]), os.path.join(folder, "run"), RANKS, flags, 3000)
        return dict(seconds=time.perf_counter() - start, training_seconds=run.done["seconds"], accuracy=run.done["accuracy"])


def theirs(network, recipe, data, seed, processes, threads, way):
    with tempfile.TemporaryDirectory() as folder:
        flags = dict(network=network, way=way, data=data, store=f"{folder}/store", ranks=processes, threads=threads, seed=seed,
                     **{key: recipe[key] for key in ("epochs", "batch", "lr", "momentum", "weight_decay", "warmup_epochs")})
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fashion_torch.py")
        arguments = [sys.executable, script] + [f"--{key.replace('_', '-')}={value}" for key, value in flags.items()]
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
        start = time.perf_counter()
        ranks = [subprocess.Popen([*arguments, f"--rank={r}"], env=environment, stdout=subprocess.PIPE, text=True)
                 for r in range(processes)]
        text = [process.communicate()[0] for process in ranks]
        seconds = time.perf_counter() - start
    if any(process.returncode for process in ranks):
        raise SystemExit(f"PyTorch failed to train {network}; its message is above")
    return dict(seconds=seconds, **json.loads(text[0]))


def compare(network, data, options):
    recipe = RECIPES[network]
    way = fastest_way(network, recipe["batch"])
    row = dict(network=network, recipe=recipe, way=way, torch=[], ddp_train=[])
    for i in range(options.rounds):
        row["torch"].append(theirs(network, recipe, data, options.seed + i, *way))
        row["ddp_train"].append(ours(recipe, data, options.seed + i))
    row["ratio"] = statistics.median(a["seconds"] / b["seconds"] for a, b in zip(row["torch"], row["ddp_train"]))
    print(f"\n{network}: {recipe['epochs']} epochs, batch {recipe['batch']}, test accuracy {recipe['goal']} wanted")
    for side, name in (("torch", f"PyTorch ({way[0]} processes x {way[1]} threads, {way[2]})"), ("ddp_train", f"ddp_train ({RANKS} ranks)")):
        seconds, training = (statistics.median(run[key] for run in row[side]) for key in ("seconds", "training_seconds"))
        reached = [run["accuracy"] for run in row[side]]
        print(f"  {name:60s}{seconds:8.1f} s whole process{training:8.1f} s training   accuracy {' '.join(f'{a:.4f}' for a in reached)}"
              + ("" if min(reached) >= recipe["goal"] else "   MISSED"))
    print(f"  ratio {row['ratio']:.2f}", flush=True)
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="+", choices=list(RECIPES), default=list(RECIPES))
    parser.add_argument("--rounds", type=int, default=1, help="each with another seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", help="also writes all figures there")
    options = parser.parse_args()
    ddp_train_side.check_program()
    torch_side.import_torch()
    with tempfile.TemporaryDirectory() as data:
        unpack(data)
        rows = [compare(network, data, options) for network in options.networks]
    if options.json:
        with open(options.json, "w") as f:
            json.dump(rows, f, indent=1)
            f.write("\n")


if __name__ == "__main__":
    main()
