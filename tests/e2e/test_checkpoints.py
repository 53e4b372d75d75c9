"""Checkpoints of whole runs: which ones there are, that they can be read while the run goes on, and what the run does when they cannot
be written or it is killed while it writes."""
import glob
import json
import os
import shutil
import signal
import subprocess
import time
import unittest

import h5py

import harness
from processes import alive, children, until

CONFIG = """
data: {train: "synthetic:1x16x16:10:400"}
model: {layers: [linear: 32, relu, linear: 10]}
train: {epochs: 2, batch: 40, virtual_ranks: 4}
optim: {name: adam, lr: 0.001}
"""

# So large that a write takes some time, in steps that take little.
LARGE = """
data: {train: "synthetic:1x32x32:10:64"}
model: {layers: [linear: 1500, relu, linear: 10]}
train: {epochs: 100000, batch: 8, virtual_ranks: 2}
optim: {name: adam, lr: 0.0001}
log: {every_steps: 1}
"""


def checkpoints(folder):
    found = glob.glob(os.path.join(folder, "checkpoints", "*"))
    return sorted(os.path.basename(path).replace("step-0000000", "s") for path in found)


class Policy(harness.Case):
    def names(self, *flags, ranks=None):
        return checkpoints(self.train(self.config, ranks, flags).folder)

    def setUp(self):
        super().setUp()
        self.config = self.write("config.yaml", CONFIG)

    def test_which_ones_are_written_and_kept(self):
        self.assertEqual(self.names(), ["final.h5", "last.h5", "s10.h5"])
        self.assertEqual(self.names("--checkpoint.every_epochs=0"), ["final.h5", "last.h5"])
        self.assertEqual(self.names("--checkpoint.every_steps=4", ranks=2), ["final.h5", "last.h5", "s10.h5", "s12.h5", "s16.h5"])
        self.assertEqual(self.names("--checkpoint.every_steps=1", "--checkpoint.keep=1", ranks=2), ["final.h5", "last.h5", "s19.h5"])
        self.assertEqual(self.names("--checkpoint.every_steps=5", "--checkpoint.every_epochs=0", "--checkpoint.best=train.loss"),
                         ["best.h5", "final.h5", "last.h5", "s05.h5", "s10.h5", "s15.h5"])

    def test_minutes(self):
        """So short a time has always passed: there is one after every step in which none was being written."""
        names = self.names("--checkpoint.every_minutes=1e-9", "--checkpoint.every_epochs=0", "--checkpoint.keep=100", ranks=2)
        self.assertIn("s02.h5", names)  # asked for after the first step, agreed upon in the second
        self.assertNotIn("s01.h5", names)
        self.assertEqual(self.names("--checkpoint.every_minutes=60", "--checkpoint.every_epochs=0"), ["final.h5", "last.h5"])

    def test_other_programs_read_them(self):
        folder = self.train(self.config, 2).folder
        path = os.path.join(folder, "checkpoints", "last.h5")
        with h5py.File(path, "r") as f:
            self.assertEqual((f.attrs["step"], f.attrs["epoch"]), (20, 2))
            self.assertEqual(f["model/00.linear/weight"].shape, (32, 256))
            self.assertEqual(f["optim/exp_avg_sq/02.linear/bias"].shape, (10,))
        if shutil.which("h5dump"):
            text = subprocess.run(["h5dump", "-d", "/model/02.linear/bias", path], stdout=subprocess.PIPE, text=True, check=True).stdout
            self.assertIn("H5T_IEEE_F32LE", text)


class Failing(harness.Case):
    """Runs whose folder is no place to write to."""

    def start(self, config, folder, *flags, ranks=2):
        session = self.path("session")
        os.makedirs(session, exist_ok=True)
        environment = {**harness.environment(), "OMPI_MCA_orte_tmpdir_base": session}
        process = subprocess.Popen(harness.command(["train", config, "-o", folder, *flags], ranks), env=environment, text=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()

    def wait_for(self, condition, process, seconds=60):
        end = time.time() + seconds
        while not condition():
            self.assertIsNone(process.poll(), "the run ended")
            self.assertLess(time.time(), end, "waited in vain")
            time.sleep(0.002)

    def small_disk(self, size):
        """The folder that a disk of its own is mounted on; without one the test is skipped."""
        disk = self.path("disk")
        os.mkdir(disk)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", disk], stderr=subprocess.DEVNULL).returncode:
            self.skipTest("no small disk can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", disk])
        return disk

    def check_whole(self, folder):
        """All there is under a final name is whole."""
        found = glob.glob(os.path.join(folder, "checkpoints", "*.h5"))
        for path in found:
            done = harness.run(["inspect", path])
            self.assertEqual(done.returncode, 0, done.stderr)
        return len(found)

    def test_read_while_the_run_goes_on_and_killed_while_it_writes(self):
        config, folder = self.write("config.yaml", LARGE), self.path("run")
        process = self.start(config, folder, "--checkpoint.every_steps=1")
        last = os.path.join(folder, "checkpoints", "last.h5")
        self.wait_for(lambda: os.path.exists(last), process)
        steps = []
        while len(steps) < 5:  # an open file is one and the same to its reader, whatever takes its name meanwhile
            with h5py.File(last, "r") as f:
                steps.append(int(f.attrs["step"]))
                weight = f["model/00.linear/weight"]
                self.wait_for(lambda: os.stat(last).st_ino != os.fstat(f.id.get_vfd_handle()).st_ino, process)
                self.assertEqual(weight[()].shape, (1500, 1024))
        self.assertEqual(steps, sorted(set(steps)))
        temporary = os.path.join(folder, "checkpoints", "step-*.h5.tmp.*")
        family = children(process.pid)
        self.wait_for(lambda: glob.glob(temporary), process)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        self.assertTrue(until(lambda: not any(map(alive, family)), 20), "a process is left")  # ranks die with mpirun, but not at once
        self.assertGreaterEqual(self.check_whole(folder), 2)
        with h5py.File(last, "r") as f:
            step = int(f.attrs["step"])
        done = harness.run(["train", config, "-o", folder, "--resume", "auto", f"--train.epochs={step // 8 + 1}"], 2)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        resumed = [line for line in done.stdout.splitlines() if line.startswith("resumed from")]
        self.assertEqual(len(resumed), 1)
        self.assertGreaterEqual(int(resumed[0].rsplit("step ", 1)[1]), step)
        self.assertEqual(glob.glob(os.path.join(folder, "checkpoints", "*.tmp.*")), [])

    @unittest.skipUnless(os.geteuid() == 0, "only root may mount a small disk")
    def test_a_full_disk(self):
        config, disk = self.write("config.yaml", LARGE), self.small_disk("42m")
        filler, folder = os.path.join(disk, "filler"), os.path.join(disk, "run")
        flags = ("--checkpoint.every_steps=5", "--checkpoint.keep=1", "--checkpoint.every_epochs=0")
        process = self.start(config, folder, *flags)
        last, log = (os.path.join(folder, name) for name in ("checkpoints/last.h5", "log.txt"))
        self.wait_for(lambda: os.path.exists(last), process)
        with open(filler, "wb") as f:
            while True:
                try:
                    f.write(bytes(1 << 20))
                    f.flush()
                except OSError:
                    break

        def full():
            with open(log) as f:
                return [line for line in f if "No space left" in line]

        self.wait_for(lambda: len(full()) >= 2, process)
        self.assertIn("the run continues", full()[0])
        self.assertIn("the newest checkpoint is step-", full()[0])
        self.assertGreaterEqual(self.check_whole(folder), 2)
        process.send_signal(signal.SIGUSR1)  # a stop that cannot be saved loses steps, not the run
        out, error = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 75, out + error)
        self.assertIn("which is not saved; start again with --resume auto to continue from step ", out + error)
        self.check_whole(folder)

        os.truncate(filler, 0)
        with h5py.File(last, "r") as f:
            flags = (*flags, f"--train.epochs={f.attrs['step'] // 8 + 3}")
        done = harness.run(["train", config, "-o", folder, "--resume", "auto", *flags], 1)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        with open(os.path.join(folder, "metrics.jsonl")) as f:
            resumed = json.loads(f.readlines()[-1])["weights_hash"]
        undisturbed = self.train(config, 2, ("--checkpoint.every_epochs=0", flags[-1]))
        self.assertEqual(resumed, undisturbed.done["weights_hash"])

    @unittest.skipUnless(os.geteuid() == 0, "only root may mount a small disk")
    def test_a_disk_that_becomes_read_only(self):
        config, disk = self.write("config.yaml", LARGE), self.small_disk("100m")
        folder = os.path.join(disk, "run")
        os.makedirs(os.path.join(folder, "checkpoints"))
        # only this folder: the file that is open for the log would keep the whole disk from becoming read-only
        bound = os.path.join(folder, "checkpoints")
        subprocess.run(["mount", "--bind", bound, bound], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", bound])
        process = self.start(config, folder, "--checkpoint.every_steps=20", "--overwrite", "--train.epochs=40")
        self.wait_for(lambda: os.path.exists(os.path.join(bound, "last.h5")), process)
        while subprocess.run(["mount", "-o", "remount,bind,ro", bound], stderr=subprocess.DEVNULL).returncode:
            time.sleep(0.001)  # while a file is being written
        out, error = process.communicate(timeout=100)
        self.assertEqual(process.returncode, 1, out + error)
        self.assertIn("Read-only file system", error)
        lines = harness.error_lines(error)
        self.assertEqual(len(lines), 1, error)
        self.assertRegex(lines[0], r"final.h5: .*Read-only file system; the newest checkpoint is step-\d+.h5, of step \d+$")
        self.assertGreaterEqual(self.check_whole(folder), 2)


if __name__ == "__main__":
    unittest.main()
