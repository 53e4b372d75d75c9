#!/usr/bin/env python3
"""ddp_train against PyTorch DistributedDataParallel (gloo), side by side on one machine: 2 processes, 1 thread each.

    python3 tests/bench/bench.py [--networks tutorial mlp cnn] [--per-rank 64 256] [--rounds 3] [--seconds 4] [--json FILE]

Both train the same network on synthetic input in memory, float32, cross entropy, SGD with momentum 0.9, the same global batch.
PyTorch gets the better of the contiguous and the channels-last layout for the CNNs (both are measured in every round),
gradient_as_bucket_view, and data that needs no loader. Machines are often shared, so the two take turns, round after round; the
table gives samples/s as best and median over the rounds, and the median of the rounds' ratios. Warm-up is not counted: PyTorch's first steps,
ddp_train's first epoch.

Needs python3 with torch, and the built program (DDP_TRAIN_BIN, else build/ddp_train).
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
import harness  # noqa: E402

RANKS = 2
SAMPLES = 8192  # at least; held in memory by both

LAYERS = {
    "tutorial": ["conv2d: {out: 6, kernel: 5}", "relu", "maxpool2d: 2", "conv2d: {out: 12, kernel: 5}", "relu", "maxpool2d: 2",
                 "linear: 120", "relu", "linear: 60", "relu", "linear: 10"],
    "mlp": ["linear: 1024", "relu", "linear: 1024", "relu", "linear: 10"],
    "cnn": ["conv2d: {out: 32, kernel: 3}", "relu", "conv2d: {out: 64, kernel: 3}", "relu", "maxpool2d: 2", "dropout: 0.25",
            "linear: 128", "relu", "dropout: 0.5", "linear: 10"],
}

CONFIG = """
run: {{name: bench}}
data: {{train: "synthetic:1x28x28:10:{samples}", normalize: none}}
model:
  input: [1, 28, 28]
  layers:
{layers}
train: {{epochs: {epochs}, batch: {batch}, virtual_ranks: {virtual_ranks}}}
optim: {{name: sgd, lr: 0.01, momentum: 0.9}}
checkpoint: {{every_epochs: 0}}
log: {{every_steps: 0}}
"""


def torch_network(name):
    from torch import nn
    return nn.Sequential(*{
        "tutorial": lambda: [nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 12, 5), nn.ReLU(), nn.MaxPool2d(2),
                             nn.Flatten(), nn.Linear(192, 120), nn.ReLU(), nn.Linear(120, 60), nn.ReLU(), nn.Linear(60, 10)],
        "mlp": lambda: [nn.Flatten(), nn.Linear(784, 1024), nn.ReLU(), nn.Linear(1024, 1024), nn.ReLU(), nn.Linear(1024, 10)],
        "cnn": lambda: [nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25),
                        nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10)],
    }[name]())


def torch_rank(name, per_rank, seconds, layout, store):
    """One process of PyTorch's half, started by torch_half; rank 0 prints samples/s of all ranks."""
    import torch
    from torch import distributed, nn
    torch.set_num_threads(1)
    rank = int(os.environ["RANK"])
    distributed.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=RANKS)
    torch.manual_seed(rank)
    form = torch.channels_last if layout == "channels_last" else torch.contiguous_format
    x = torch.randn(SAMPLES // RANKS, 1, 28, 28).contiguous(memory_format=form)
    y = torch.randint(0, 10, (len(x),))
    net = nn.parallel.DistributedDataParallel(torch_network(name).to(memory_format=form), gradient_as_bucket_view=True)
    net.train()
    optimizer = torch.optim.SGD(net.parameters(), 0.01, 0.9)

    def steps(count):
        for i in range(count):
            first = i * per_rank % (len(x) - per_rank + 1)
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(x[first:first + per_rank]), y[first:first + per_rank]).backward()
            optimizer.step()
        distributed.barrier()

    steps(5)
    start = time.perf_counter()
    steps(10)  # to learn how many steps fill the time; every rank must take the same number
    count = torch.tensor([max(10, 10 * seconds / (time.perf_counter() - start))])
    distributed.broadcast(count, 0)
    start = time.perf_counter()
    steps(int(count))
    if rank == 0:
        print(int(count) * per_rank * RANKS / (time.perf_counter() - start), flush=True)
    distributed.barrier()
    os._exit(0)  # gloo's threads now and then abort a process that ends in the usual way


def torch_half(name, per_rank, seconds, layout):
    with tempfile.TemporaryDirectory() as folder:
        arguments = [sys.executable, __file__, "--torch-rank", name, str(per_rank), str(seconds), layout, folder + "/store"]
        ranks = [subprocess.Popen(arguments, env={**os.environ, "RANK": str(r), "OMP_NUM_THREADS": "1"},
                                  stdout=subprocess.PIPE, text=True) for r in range(RANKS)]
        out = [process.communicate()[0] for process in ranks]
    if any(process.returncode for process in ranks):
        raise SystemExit(f"the PyTorch half of {name} failed")
    return float(out[0])


def our_half(name, per_rank, seconds, virtual_ranks, guess):
    """Median samples/s over the epochs but the first; `guess`: expected samples/s, to choose the number of epochs."""
    batch = per_rank * RANKS
    samples = -(-SAMPLES // batch) * batch
    epochs = 1 + max(3, round(seconds * guess / samples))
    with tempfile.TemporaryDirectory() as folder:
        config = os.path.join(folder, "bench.yaml")
        with open(config, "w") as f:
            f.write(CONFIG.format(samples=samples, epochs=epochs, batch=batch, virtual_ranks=virtual_ranks,
                                  layers="\n".join(f"    - {layer}" for layer in LAYERS[name])))
        run = harness.Run(config, os.path.join(folder, "run"), RANKS)
    return statistics.median(line["samples_per_second"] for line in run.of_kind("epoch")[1:])


def compare(name, per_rank, options):
    layouts = ["contiguous"] + (["channels_last"] if name != "mlp" else [])
    theirs, ours, guess = [], [], None
    for _ in range(options.rounds):
        theirs.append(max(torch_half(name, per_rank, options.seconds, layout) for layout in layouts))
        if not options.torch_only:
            ours.append(our_half(name, per_rank, options.seconds, options.virtual_ranks, guess or 2 * theirs[-1]))
            guess = ours[-1]
    row = dict(network=name, per_rank=per_rank, torch=theirs, ddp_train=ours)
    text = f"{name:10s}{per_rank:9d}{max(theirs):14.0f}{statistics.median(theirs):12.0f}"
    if ours:
        row["ratio"] = statistics.median(a / b for a, b in zip(ours, theirs))
        text += f"{max(ours):16.0f}{statistics.median(ours):12.0f}{row['ratio']:10.2f}"
    print(text, flush=True)
    return row


def main():
    if sys.argv[1:2] == ["--torch-rank"]:
        name, per_rank, seconds, layout, store = sys.argv[2:]
        return torch_rank(name, int(per_rank), float(seconds), layout, store)

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="+", choices=list(LAYERS), default=list(LAYERS))
    parser.add_argument("--per-rank", nargs="+", type=int, default=[64, 256], help="samples per rank and step")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4, help="of each measurement")
    parser.add_argument("--virtual-ranks", type=int, default=RANKS, help="train.virtual_ranks of ddp_train")
    parser.add_argument("--torch-only", action="store_true")
    parser.add_argument("--json", help="also writes all figures there")
    options = parser.parse_args()

    import torch
    # One core per rank for both: mpirun binds by default, and the tests' environment for crowded machines does not apply.
    harness.ENVIRONMENT.pop("OMPI_MCA_hwloc_base_binding_policy")
    harness.ENVIRONMENT.pop("OMPI_MCA_mpi_yield_when_idle")
    print(f"samples/s, {RANKS} processes x 1 thread, PyTorch {torch.__version__}, {options.rounds} rounds; "
          f"per rank = samples per rank and step\n")
    print(f"{'network':10s}{'per rank':>9s}{'PyTorch best':>14s}{'median':>12s}{'ddp_train best':>16s}{'median':>12s}{'ratio':>10s}")
    rows = [compare(name, per_rank, options) for name in options.networks for per_rank in options.per_rank]
    if options.json:
        with open(options.json, "w") as f:
            json.dump(dict(torch=torch.__version__, ranks=RANKS, rows=rows), f, indent=1)
            f.write("\n")


if __name__ == "__main__":
    main()
