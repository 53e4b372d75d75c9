"""How the Python tests run the program: one place that knows its command line and its run directory.

The environment says where things are: DDP_TRAIN_BIN (the program) and DDP_SOURCE_DIR (the repository); ctest sets both, and the
variables that let Open MPI start more ranks than there are cores. Run by hand, the defaults below stand in.
"""
import glob
import json
import os
import shutil
import struct
import subprocess
import tempfile
import unittest

SOURCE = os.environ.get("DDP_SOURCE_DIR") or os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
PROGRAM = os.environ.get("DDP_TRAIN_BIN") or os.path.join(SOURCE, "build", "ddp_train")

ENVIRONMENT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
               "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_MCA_mpi_yield_when_idle": "1",
               "OMPI_MCA_hwloc_base_binding_policy": "none", "OMPI_MCA_btl": "self,vader"}


# What two runs that compute the same may have otherwise in their metrics: how long it took, and where.
TIMES = {"seconds", "samples_per_second", "data_share", "compute_share", "sync_share", "peak_bytes", "rank_ms_min", "rank_ms_median",
         "rank_ms_max", "slowest_rank"}


def environment():
    clean = {k: v for k, v in os.environ.items() if not k.startswith("DDP_TRAIN_")}
    return {**ENVIRONMENT, **clean}


def command(arguments, ranks=None):
    """The command line; ranks None starts the program without mpirun."""
    return (["mpirun", "-np", str(ranks)] if ranks else []) + [PROGRAM, *arguments]


def run(arguments, ranks=None, cwd=None, timeout=120, variables=None):
    """A finished process with text output; nothing is checked. Open MPI removes its session folder when the last process leaves
    it, even while another one is about to enter: so that jobs at the same time do not meet, each has a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="ddp_mpi_", ignore_cleanup_errors=True) as session:
        own = {"OMPI_MCA_orte_tmpdir_base": session}
        return subprocess.run(command(arguments, ranks), cwd=cwd, env={**environment(), **own, **(variables or {})},
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=timeout)


def error_lines(stderr):
    """The program's own error lines, without mpirun's noise."""
    return [line for line in stderr.splitlines() if "ddp_train: error:" in line]


class Run:
    """A training run and what it left behind."""

    def __init__(self, config, folder, ranks=None, flags=(), timeout=300):
        self.folder = folder
        self.process = run(["train", config, "-o", folder, *flags], ranks, timeout=timeout)
        if self.process.returncode != 0:
            raise AssertionError(f"exit code {self.process.returncode} of {' '.join(self.process.args)}\n"
                                 f"{self.process.stdout}{self.process.stderr}")
        with open(os.path.join(folder, "metrics.jsonl")) as f:
            self.lines = [json.loads(line) for line in f]

    def of_kind(self, kind):
        return [line for line in self.lines if line["kind"] == kind]

    @property
    def done(self):
        return self.of_kind("done")[-1]

    @property
    def final(self):
        return os.path.join(self.folder, "checkpoints", "final.h5")


FIGURES = ("loss", "accuracy", "lr", "count", "correct", "epoch", "step")


def figures(run):
    """What the run said about its training and evaluation, times left out."""
    return [{k: line[k] for k in FIGURES if k in line} for kind in ("step", "epoch", "eval") for line in run.of_kind(kind)]


class Case(unittest.TestCase):
    """A test with a scratch folder, numbered run directories, and configurations from text."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="ddp_train_test_")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.runs = 0

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w") as f:
            f.write(text)
        return self.path(name)

    def train(self, config, ranks=None, flags=(), timeout=300):
        self.runs += 1
        return Run(config, self.path(f"run{self.runs}"), ranks, flags, timeout)

    def same(self, first, second, groups=("model", "optim", "normalize")):
        """Two runs that said the same and ended in the same bits."""
        self.assertEqual(first.done["weights_hash"], second.done["weights_hash"])
        self.assertEqual(figures(first), figures(second))
        for group in groups:
            a, b = tensors(first.final, group), tensors(second.final, group)
            self.assertEqual(sorted(a), sorted(b))
            for name in a:
                self.assertEqual(a[name].tobytes(), b[name].tobytes(), f"{group}/{name}")
        self.assertTrue(tensors(first.final), "an empty checkpoint proves nothing")


def checkpoint_of_epoch(folder, epoch):
    """The path of a run's checkpoint after that epoch, or None."""
    import h5py
    for path in sorted(glob.glob(os.path.join(folder, "checkpoints", "step-*.h5"))):
        with h5py.File(path, "r") as f:
            if f.attrs["epoch"] == epoch and f.attrs["position"] == 0:
                return path
    return None


def tensors(path, group="model"):
    """{name: array} of every data set below a group of a checkpoint."""
    import h5py
    found = {}

    def visit(name, item):
        if isinstance(item, h5py.Dataset):
            found[name] = item[()]

    with h5py.File(path, "r") as f:
        if group in f:
            f[group].visititems(visit)
    return found


def xxh64(data):
    """XXH64 with seed 0, as its specification describes it; for files of some kilobytes."""
    p1, p2, p3, p4, p5 = (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5)
    mask = (1 << 64) - 1

    def turn(x, bits):
        return ((x << bits) | (x >> (64 - bits))) & mask

    def mix(lane, word):
        return turn((lane + word * p2) & mask, 31) * p1 & mask

    whole = len(data) // 32 * 32
    words = struct.unpack(f"<{whole // 8}Q", data[:whole])
    if whole:
        lanes = [(p1 + p2) & mask, p2, 0, -p1 & mask]
        for i, word in enumerate(words):
            lanes[i % 4] = mix(lanes[i % 4], word)
        hashed = sum(turn(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18))) & mask
        for lane in lanes:
            hashed = ((hashed ^ mix(0, lane)) * p1 + p4) & mask
    else:
        hashed = p5
    hashed = (hashed + len(data)) & mask
    rest = data[whole:]
    while len(rest) >= 8:
        hashed = (turn(hashed ^ mix(0, struct.unpack("<Q", rest[:8])[0]), 27) * p1 + p4) & mask
        rest = rest[8:]
    if len(rest) >= 4:
        hashed = (turn(hashed ^ (struct.unpack("<I", rest[:4])[0] * p1 & mask), 23) * p2 + p3) & mask
        rest = rest[4:]
    for byte in rest:
        hashed = turn(hashed ^ (byte * p5 & mask), 11) * p1 & mask
    for shift, factor in ((33, p2), (29, p3), (32, 1)):
        hashed = (hashed ^ (hashed >> shift)) * factor & mask
    return hashed


def reseal(path):
    """Makes the seal of a checkpoint right again after a change to its content, as a clever forger would."""
    with open(path, "r+b") as f:
        whole = f.read()
        label = whole[:512].split(b"\n")[0]
        seal = b"%s\nbytes %d\nxxh64 %016x\n" % (label, len(whole), xxh64(whole[512:]))
        f.seek(0)
        f.write(seal.ljust(512, b"\0"))
