"""The kill matrix: runs that are killed in every way at random moments and resumed on other ranks must end in the same bits.

    python3 tests/e2e/kill_matrix.py [--runs 100] [--seed 1]

A run is started, disturbed at a random step or while it starts, and started again with --resume auto at another number of ranks
(1 to 8), another number of ranks per node and in another store, until it is done. Then its weights hash and every line of its metrics must be those of
the undisturbed run. The ways are those of WAYS below, the networks those of NETWORKS; what a run went through follows from its
number and the seed.
"""
import argparse
import collections
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import h5py
import numpy as np

import harness
from processes import alive, children, content, runs, stat, until

COMMON = """
data: {train: FOLDER/train.h5, val: "synthetic:1x20x20:10:1000", scratch_dir: FOLDER/scratch, block: 100, window: 1000}
optim: {name: adam, lr: 0.002}
schedule: {name: reduce_on_plateau, metric: val.loss}
checkpoint: {every_steps: 4, keep: 3}
log: {every_steps: 1}
"""

PLAIN = """
model:
  layers:
    - conv2d: {out: 6, kernel: 5}
    - relu
    - maxpool2d: 2
    - dropout: 0.2
    - linear: 256
    - relu
    - linear: 10
train: {epochs: 4, batch: 240, virtual_ranks: 8}
"""

# Running statistics of a virtual rank's batch and of the whole one, and averaged weights: all of it is state of the run.
NORMALISED = """
model:
  layers:
    - conv2d: {out: 6, kernel: 5, stride: 2, bias: false}
    - batchnorm
    - relu: {name: stem}
    - conv2d: {out: 6, kernel: 3, padding: 1, bias: false}
    - batchnorm: {sync: true}
    - add: {from: [stem, branch]}
    - relu
    - dropout: 0.2
    - linear: 10
train: {epochs: 4, batch: 240, virtual_ranks: 8, ema: 0.9}
""".replace("sync: true", "sync: true, name: branch")

NETWORKS = {"plain": COMMON + PLAIN, "normalised": COMMON + NORMALISED}
STORES = ("node", "cluster", "scratch")  # of one order, so that a run may go on in another one; "window" has its own

STEPS = 100  # of a run
HANG = 60  # seconds that no start may take, and no end after a disturbance


def ranks_of(launcher):
    """Without the processes that read files for a rank: they end with it."""
    pids = [pid for pid in children(launcher) if alive(pid)]
    programs = {pid for pid in pids if runs(pid, harness.PROGRAM)}
    return [pid for pid in pids if not (fields := stat(pid)) or int(fields[1]) not in programs]


def write_data(folder):
    os.makedirs(os.path.join(folder, "scratch"))
    random_numbers = np.random.default_rng(1)
    with h5py.File(os.path.join(folder, "train.h5"), "w") as file:
        file.create_dataset("x", data=random_numbers.normal(size=(6000, 20, 20)).astype("f4"), chunks=(50, 20, 20))
        file.create_dataset("y", data=random_numbers.integers(0, 10, 6000))


def send(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def steps_told(folder):
    return content(os.path.join(folder, "metrics.jsonl")).count('"kind": "step"')


def writes(folder):
    """Whether a checkpoint is being written."""
    checkpoints = os.path.join(folder, "checkpoints")
    return os.path.isdir(checkpoints) and any(".h5.tmp." in name for name in os.listdir(checkpoints))


def one_of(chance, pids):
    return [chance.choice(pids)] if pids else []


# name: (signal, whom, whether in the middle of a checkpoint's write)
WAYS = {
    "kill a rank": (signal.SIGKILL, "rank", False),
    "kill mpirun": (signal.SIGKILL, "mpirun", False),
    "kill all": (signal.SIGKILL, "all", False),
    "kill a rank in a write": (signal.SIGKILL, "rank", True),
    "kill all in a write": (signal.SIGKILL, "all", True),
    "TERM to mpirun": (signal.SIGTERM, "mpirun", False),
    "TERM to a rank": (signal.SIGTERM, "rank", False),
    "USR1 to mpirun": (signal.SIGUSR1, "mpirun", False),
    "USR2 to a rank": (signal.SIGUSR2, "rank", False),
    "INT to all ranks": (signal.SIGINT, "ranks", False),
}


class Matrix:
    def __init__(self, folder, program=None):
        self.folder = folder
        self.counts = collections.Counter()
        self.codes = collections.Counter()
        self.stores = collections.Counter()
        self.launchers_ended = 0
        self.noticed = []  # seconds from the death of a rank to the end of its job
        self.expected = {}  # of each network and whether the store is window, what `lines` says of an undisturbed run
        write_data(folder)
        for network, text in NETWORKS.items():
            with open(self.config(network), "w") as f:
                f.write(text.replace("FOLDER", folder))

    def expect(self, network, store):
        key = network, store == "window"
        if key not in self.expected:
            folder = os.path.join(self.folder, f"undisturbed-{network}-{store}")
            undisturbed = harness.Run(self.config(network), folder, 2, [f"--data.store={'window' if key[1] else 'node'}"])
            self.expected[key] = self.lines(undisturbed.folder)
        return self.expected[key]

    def config(self, network):
        return os.path.join(self.folder, f"{network}.yaml")

    @staticmethod
    def lines(folder):
        """What the metrics say of steps, epochs and evaluations, and the final hash."""
        with open(os.path.join(folder, "metrics.jsonl")) as f:
            lines = [json.loads(line) for line in f]
        kept = [{k: v for k, v in line.items() if k not in harness.TIMES} for line in lines if line["kind"] in ("step", "epoch", "eval")]
        for line in kept:
            line.pop("stragglers", None)
        return kept, lines[-1].get("weights_hash")

    def start(self, network, store, run, ranks, per_node, session):
        command = harness.command(["train", self.config(network), "-o", run, "--resume", "auto", f"--sync.ranks_per_node={per_node}",
                                   f"--data.store={store}"], ranks)
        environment = {**harness.environment(), "OMPI_MCA_orte_tmpdir_base": session}
        return subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                text=True, start_new_session=True)

    def disturb(self, chance, way, process, run):
        number, whom, in_write = WAYS[way]
        target, ended = chance.randint(0, STEPS), lambda: process.poll() is not None
        begun = steps_told(run) >= target  # then it is disturbed while it starts, or soon after that
        until(lambda: steps_told(run) >= target or ended(), HANG, 0.002)
        time.sleep(chance.uniform(0, 0.5 if begun else 0.02))
        if in_write:
            until(lambda: writes(run) or ended(), 2, 0.001)
        ranks = ranks_of(process.pid)
        pids = {"rank": one_of(chance, ranks), "ranks": ranks, "mpirun": [process.pid], "all": [process.pid, *ranks]}[whom]
        if process.poll() is not None or not pids:
            return False
        send(pids, number)
        return True

    def await_launcher(self, process):
        """What it printed. mpirun may lose count of ranks that are killed while they start, and waits for good when all are gone: then
        it is ended, as run-elastic.sh does."""
        end, alone = time.monotonic() + HANG, 0
        while time.monotonic() < end:
            try:
                return process.communicate(timeout=1)[0]
            except subprocess.TimeoutExpired:
                alone = 0 if ranks_of(process.pid) else alone + 1
            if alone == 10:
                self.launchers_ended += 1
                process.kill()
        left = ranks_of(process.pid)
        send([process.pid, *left], signal.SIGKILL)
        raise AssertionError(f"hung for {HANG} s, with {len(left)} ranks:\n{process.communicate()[0]}")

    def end(self, process, ranks):
        """Waits; who is left after that hangs."""
        output = self.await_launcher(process)
        end = time.monotonic() + HANG
        while any(os.path.exists(f"/proc/{pid}") for pid in ranks):  # orphans of a launcher that was killed
            if time.monotonic() > end:
                send(ranks, signal.SIGKILL)
                raise AssertionError(f"ranks outlived their launcher by {HANG} s:\n{output}")
            time.sleep(0.02)
        return output

    def attempt(self, chance, network, store, run, way):
        """One start of a run, disturbed in this way or, if None, not. Returns the exit code and whether it was hit."""
        with tempfile.TemporaryDirectory(prefix="ddp_mpi_", ignore_cleanup_errors=True) as session:
            process = self.start(network, store, run, chance.randint(1, 8), chance.choice([0, 0, 1, 2, 3]), session)
            hit = way is not None and self.disturb(chance, way, process, run)
            begin, ranks = time.monotonic(), ranks_of(process.pid)
            output = self.end(process, ranks)
            if hit:
                self.counts[way] += 1
                self.codes[way, process.returncode] += 1
                if way.startswith("kill a rank"):
                    self.noticed.append(time.monotonic() - begin)
            permanent = process.returncode in (2, 3, 4, 5) or (process.returncode != 0 and not hit)
            if permanent:
                raise AssertionError(f"exit code {process.returncode} after {way or 'nothing'}:\n{output}")
            return process.returncode, hit

    def run(self, number, seed):
        """A run until it is done; True if it was disturbed at least once."""
        chance = random.Random(seed * 1000003 + number)
        run = os.path.join(self.folder, f"run{number}")
        names, networks = list(WAYS), list(NETWORKS)
        network = networks[(number + number // len(names)) % len(networks)]  # each way meets each network
        windows = number % 4 == 3
        disturbed = 0
        plan = [names[number % len(names)]] + [chance.choice(names) for _ in range(chance.randint(0, 2))]
        for start, way in enumerate(plan + [None] * 4):
            store = "window" if windows else STORES[(number + start) % len(STORES)]
            code, hit = self.attempt(chance, network, store, run, way)
            self.stores[store] += hit
            disturbed += hit
            if code == 0:
                break
        else:
            raise AssertionError(f"run {number} does not come to an end")
        (lines, weights), (expected, end) = self.lines(run), self.expect(network, store)
        left = os.listdir(os.path.join(self.folder, "scratch")) if store == "scratch" else []  # that start removes what others left
        if left:
            raise AssertionError(f"run {number} left {left}")
        if weights != end:
            raise AssertionError(f"run {number} ({network}, {plan}) ends in {weights}, not in {end}")
        if lines != expected:
            different = [pair for pair in zip(lines, expected) if pair[0] != pair[1]][:1]
            raise AssertionError(f"run {number} ({network}, {plan}): {len(lines)} lines of metrics, not {len(expected)}; {different}")
        shutil.rmtree(run)
        return disturbed

    def summary(self):
        for (network, windows), (_, weights) in self.expected.items():
            yield f"weights hash of all runs of {network}, {'window' if windows else 'other stores'}: {weights}"
        yield "disturbed: " + ", ".join(f"{count} times in {store}" for store, count in sorted(self.stores.items()))
        for way, count in sorted(self.counts.items()):
            codes = ", ".join(f"{code}: {n}" for (w, code), n in sorted(self.codes.items()) if w == way)
            yield f"  {way:24} {count:4} times; exit codes {codes}"
        yield f"mpirun waited without any rank and was ended: {self.launchers_ended} times"
        if self.noticed:
            ordered = sorted(self.noticed)
            yield f"from the death of a rank to the end of its job: median {ordered[len(ordered) // 2]:.2f} s, at most {ordered[-1]:.2f} s"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ddp_kill_matrix_") as folder:
        matrix = Matrix(folder)
        lost = disturbed = 0
        for number in range(arguments.runs):
            try:
                disturbed += matrix.run(number, arguments.seed) > 0
            except AssertionError as error:
                lost += 1
                print(error, flush=True)
            print(f"\r{number + 1} of {arguments.runs} runs, {lost} lost", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        print(f"{arguments.runs} runs, {disturbed} of them disturbed, {sum(matrix.counts.values())} times in all; {lost} lost or hung")
        print("\n".join(matrix.summary()))
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
