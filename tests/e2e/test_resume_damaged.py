"""A run goes on from its last good checkpoint, whatever is damaged of those behind it: to the same bits and the same metrics."""
import os
import shutil

import h5py
import numpy as np

import harness
from resumed import DATA, Case, setUpModule  # noqa: F401


class Damaged(Case):
    def truncate(self, path):
        os.truncate(path, os.path.getsize(path) - 100)

    def flip(self, path):
        with open(path, "r+b") as f:
            f.seek(9000)
            byte = f.read(1)[0]
            f.seek(9000)
            f.write(bytes([byte ^ 16]))

    def empty(self, path):
        os.truncate(path, 0)

    def replace(self, path):
        with open(path, "w") as f:
            f.write("this is something else\n" * 99)

    def lie_about_the_step(self, path):
        with open(path, "r+b") as f:
            start = f.read(512)
            f.seek(0)
            f.write(start.replace(b"step 16", b"step 96"))

    def forge(self, change):
        def damage(path):
            with h5py.File(path, "r+") as f:
                change(f)
            harness.reseal(path)
        return damage

    def lose(self, f):
        del f["model/02.linear/bias"]

    def lose_a_slot(self, f):
        del f["optim/exp_avg/02.linear/bias"]

    def turn(self, f):
        turned = f["model/02.linear/weight"][()].T
        del f["model/02.linear/weight"]
        f["model/02.linear/weight"] = turned.reshape(8, 4)

    def poison(self, f):
        f["model/00.linear/weight"][3, 4] = np.nan

    def reconfigure(self, f):
        del f["config"]
        f["config"] = "train: {epocs: 3}"

    def test_the_one_before_is_used_and_a_path_is_refused(self):
        cases = {"truncated": self.truncate, "XXH64": self.flip, "is empty": self.empty, "another file": self.replace,
                 "its first line says 96": self.lie_about_the_step, "model/02.linear/bias": self.forge(self.lose),
                 "optim/exp_avg/02.linear/bias": self.forge(self.lose_a_slot), "its shape differs": self.forge(self.turn),
                 "nan": self.forge(self.poison), "train.epocs": self.forge(self.reconfigure)}
        for word, damage in cases.items():
            with self.subTest(word):
                run = self.copy(self.two)
                self.only(run, "final.h5", "step-000000015.h5")
                damage(self.checkpoint(run, "final.h5"))
                self.fails(DATA, ("final.h5", word), "c.yaml", "--resume", self.checkpoint(run, "final.h5"))
                process = self.done("c.yaml", "-o", run, "--resume", "auto")
                warning = next(line for line in process.stderr.splitlines() if word in line)
                self.assertIn("warning: ", warning)
                self.assertIn("final.h5", warning)
                self.assertIn("resumed from " + self.checkpoint(run, "step-000000015.h5") + ": epoch 1, step 15", process.stdout)
                self.same_as(self.three, run)
                shutil.rmtree(run)

    def test_the_damaged_one_does_not_outlive_the_good_ones(self):
        run = self.copy(self.two)
        self.only(run, "step-000000012.h5", "step-000000015.h5")
        os.rename(self.checkpoint(run, "step-000000015.h5"), self.checkpoint(run, "step-000000999.h5"))
        self.truncate(self.checkpoint(run, "step-000000999.h5"))
        self.done("c.yaml", "-o", run, "--resume", "auto", "--checkpoint.keep=1")
        left = sorted(os.listdir(os.path.join(run, "checkpoints")))
        self.assertEqual([name for name in left if name.startswith("step")], ["step-000000021.h5", "step-000000999.h5.old"])
        self.same_as(self.three, run)
        self.done("c.yaml", "-o", run, "--overwrite", "--train.epochs=0")
        self.assertNotIn("step-000000999.h5.old", os.listdir(os.path.join(run, "checkpoints")))

    def test_nothing_good_is_left(self):
        run = self.copy(self.two)
        for name in os.listdir(os.path.join(run, "checkpoints")):
            self.empty(self.checkpoint(run, name))
        for ranks in (None, 2):
            self.fails(DATA, ("none of its checkpoints can be read", "--overwrite"), "c.yaml", "-o", run, "--resume", "auto", ranks=ranks)
        self.fails(DATA, ("none of its checkpoints",), "c.yaml", "--resume", run)
        process = harness.run(["inspect", self.checkpoint(run, "final.h5")])
        self.assertEqual(process.returncode, DATA)

    def test_inspect_names_the_damage(self):
        run = self.copy(self.two)
        final = self.checkpoint(run, "final.h5")
        said = harness.run(["inspect", final]).stdout
        for line in ("checksum is correct", "program        ddp_train", "step           16 (16", "epoch          2 finished",
                     "virtual_ranks  8"):
            self.assertIn(line, said)
        shutil.copy(final, self.path("a.h5"))
        for damage, word in ((self.flip, "XXH64"), (self.truncate, "truncated")):
            damage(self.path("a.h5"))
            self.assertIn(word, harness.run(["inspect", self.path("a.h5")]).stderr)


if __name__ == "__main__":
    harness.unittest.main()
