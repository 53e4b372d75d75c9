"""ddp_train's half of the benchmarks: samples/s of a training run on synthetic input in memory, and the machine's peak."""
import json
import os
import statistics
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import harness  # noqa: E402
import workloads  # noqa: E402
from networks import NETWORKS, ddp_train_layers  # noqa: E402

# One core per rank: mpirun binds by default, and what the tests or a shell set for crowded machines does not apply.
for name in ("OMPI_MCA_hwloc_base_binding_policy", "OMPI_MCA_mpi_yield_when_idle"):
    harness.ENVIRONMENT.pop(name)
    os.environ.pop(name, None)

SAMPLES = 8192  # held in memory at most, unless one batch is larger
WINDOWS = 4  # epochs that count, where steps are short enough

CONFIG = """\
run: {{name: bench}}
data: {{train: "synthetic:{shape}:10:{samples}", normalize: none}}
model:
  input: {input}
  layers:
{layers}
train: {{epochs: {epochs}, batch: {batch}, virtual_ranks: {virtual_ranks}}}
optim: {{name: sgd, lr: 0.01, momentum: 0.9}}
checkpoint: {{every_epochs: 0}}
log: {{every_steps: 0}}
"""


def check_program():
    if not os.access(harness.PROGRAM, os.X_OK):
        raise SystemExit(f"{harness.PROGRAM} is not there: build it first (launch/quickstart.sh), or name it in DDP_TRAIN_BIN")


def train(network, per_rank, ranks, virtual_ranks, seconds, guess, flags=(), sync=False):
    """A finished run. An epoch is as long as SAMPLES and a part of `seconds` allow; `guess` is the expected samples/s."""
    batch = per_rank * ranks
    most = SAMPLES if network in NETWORKS else workloads.samples(network, batch, SAMPLES)
    steps = max(1, min(round(seconds * guess / WINDOWS / batch), most // batch))
    epochs = 1 + max(2, round(seconds * guess / (steps * batch)))
    if network in NETWORKS:
        shape = NETWORKS[network][0]
        config = CONFIG.format(shape="x".join(map(str, shape)), input=list(shape), samples=steps * batch, layers=ddp_train_layers(network),
                               epochs=epochs, batch=batch, virtual_ranks=virtual_ranks)
    else:
        config = workloads.configuration(network, batch, steps * batch, epochs, virtual_ranks, sync)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "bench.yaml")
        with open(path, "w") as f:
            f.write(config)
        return harness.Run(path, os.path.join(folder, "run"), ranks, flags)


def rate(*arguments, **options):
    """Median samples/s of the epochs of `train` after the first, which warms up. The program's figure covers the steps of an epoch,
    neither start nor the checkpoint at the end."""
    return statistics.median(line["samples_per_second"] for line in train(*arguments, **options).of_kind("epoch")[1:])


def peak_mbytes(*arguments):
    """Of the rank that needed most in a run of `train`, with what the ranks of a node share."""
    return train(*arguments).of_kind("done")[0]["peak_bytes"] / 1e6


def peak(ranks):
    """GFLOP/s of sgemm, the sum of as many processes as ranks at the same time."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "peak.json")
        done = harness.run(["bench", "peak", "--json", path], ranks)
        if done.returncode != 0:
            raise SystemExit(f"bench peak failed:\n{done.stdout}{done.stderr}")
        with open(path) as f:
            return json.load(f)["sgemm_gflops"]
