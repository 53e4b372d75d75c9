"""A data file that is changed, cut, replaced or removed while a run uses it ends the run with one line, and nothing is lost."""
import glob
import os
import shutil
import unittest

import numpy as np

import harness
from processes import content, until
from test_stops import Job

DATA = 3

CONFIG = """
data: {{train: "{train}", val: "{val}"}}
model: {{layers: [linear: 64, relu, linear: 3]}}
train: {{epochs: 100000, batch: 16, virtual_ranks: 2}}
log: {{every_steps: 1}}
checkpoint: {{every_epochs: {every}, keep: 2}}
"""


def cut(path):
    os.truncate(path, os.path.getsize(path) // 2)


def append(path):
    with open(path, "ab") as f:
        f.write(b"x")


def touch(path):
    os.utime(path)


def replace(path):
    shutil.copy2(path, path + ".new")
    os.rename(path + ".new", path)


class ChangedData(harness.Case):
    def data(self, name):
        import h5py
        random = np.random.RandomState(1)
        with h5py.File(self.path(name), "w") as f:
            f["images"] = random.rand(400, 1, 8, 8).astype(np.float32)
            f["labels"] = random.randint(0, 3, 400)
        return self.path(name)

    def disturbed(self, change, ranks, which, every):
        """The run's folder and its error lines."""
        files = {"train": self.data("train.h5"), "val": self.data("val.h5")}
        folder = self.path(f"run-{change.__name__}-{which}-{ranks}-{every}")
        job = Job(self, self.write("config.yaml", CONFIG.format(every=every, **files)), folder, ranks)
        self.assertTrue(until(lambda: '"step"' in content(os.path.join(folder, "metrics.jsonl")), 30))
        change(files[which])
        self.assertEqual(job.finish(), DATA, job.stderr)
        lines = harness.error_lines(job.stderr)
        self.assertEqual(len(lines), 1, job.stderr)
        return folder, lines

    def ends(self, change, words, ranks, which="train", every=1):
        import h5py
        folder, lines = self.disturbed(change, ranks, which, every)
        self.assertIn(f"{which}.h5: {words}", lines[0])
        step = int(lines[0].rpartition("step ")[2].rstrip(")"))
        self.assertEqual(step % 25, 0, "the end of an epoch")
        last = os.path.join(folder, "checkpoints", "last.h5")
        self.assertEqual(harness.run(["inspect", last]).returncode, 0)
        with h5py.File(last, "r") as f:
            self.assertEqual(f.attrs["step"], step)

    def test_shrunk(self):
        for ranks in (None, 2):
            self.ends(cut, "has shrunk during the run, from ", ranks)

    def test_grown(self):
        self.ends(append, "has grown during the run, from ", 2)

    def test_gone(self):
        for ranks in (None, 2):
            self.ends(os.remove, "cannot be found any longer", ranks)

    def test_written_to(self):
        self.ends(touch, "was written to during the run", 2)

    def test_another_file(self):
        self.ends(replace, "is not the file that the run started with", 1)

    def test_val(self):
        self.ends(cut, "has shrunk", 2, "val")

    def test_what_no_checkpoint_holds_is_saved(self):
        self.ends(os.remove, "cannot be found any longer", None, every=0)

    def test_what_cannot_be_saved(self):
        """Both are told, and it is the data that ended the run."""
        def lose_both(path):
            checkpoints = glob.glob(self.path("run-*/checkpoints"))[0]
            os.rename(checkpoints, self.path("gone"))  # at once, whatever is being written there
            with open(checkpoints, "w"):
                os.remove(path)

        _, lines = self.disturbed(lose_both, 2, "train", 0)
        self.assertIn("train.h5: cannot be found any longer", lines[0])
        self.assertIn("cannot be created: Not a directory; there is no checkpoint yet)", lines[0])


if __name__ == "__main__":
    unittest.main()
