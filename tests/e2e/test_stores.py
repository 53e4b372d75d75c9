"""Where the features live (data.store): the same bits in node, cluster and scratch, at any number of ranks and nodes, also resumed from one in
the other; window's own order, the same at any number of ranks; files that are damaged meanwhile; full disks; nothing left behind."""
# processors: 2
import json
import os
import signal
import subprocess
import time
import unittest

import h5py
import numpy as np

import harness
from processes import children

CONFIG = """
data: {{train: {train}, val: {val}{data}}}
model: {{layers: [{{linear: 16}}, relu, {{linear: 4}}]}}
train: {{epochs: 3, batch: 60}}
optim: {{name: sgd, lr: 0.05, momentum: 0.9}}
"""
WINDOW = ["--data.store=window", "--data.block=24", "--data.window=240"]
DATA_ERROR = 3


def make(path, samples, sort=False, seed=1):
    random = np.random.default_rng(seed)
    y = random.integers(0, 4, samples)
    y = np.sort(y) if sort else y
    means = np.random.default_rng(9).normal(size=(4, 32))
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=(0.4 * means[y] + random.normal(size=(samples, 32))).astype("f4"), chunks=(23, 32), compression="gzip")
        file.create_dataset("y", data=y)


class Stores(harness.Case):
    def config(self, samples=1507, sort=False, data="", val_samples=403):
        make(self.path("train.h5"), samples, sort)
        make(self.path("val.h5"), val_samples, seed=2)
        return self.write("config.yaml", CONFIG.format(train=self.path("train.h5"), val=self.path("val.h5"), data=data))

    def test_one_order(self):
        config = self.config()
        node = self.train(config, 1, ["--data.store=node"])
        for ranks, flags in ((1, []), (2, []), (3, []), (5, []), (8, []), (4, ["--sync.ranks_per_node=2"]), (5, ["--sync.ranks_per_node=2"])):
            with self.subTest(ranks=ranks, flags=flags):
                self.same(node, self.train(config, ranks, ["--data.store=scratch", f"--data.scratch_dir={self.folder}", *flags]))
        self.assertEqual([n for n in os.listdir(self.folder) if "scratch" in n], [])
        for ranks, nodes in ((1, 0), (2, 1), (3, 1), (5, 2), (8, 2)):
            with self.subTest(ranks=ranks, nodes=nodes):
                self.same(node, self.train(config, ranks, ["--data.store=cluster", f"--sync.ranks_per_node={nodes}"]))

    def test_samples_that_travel_each_on_its_own(self):
        config = self.write("config.yaml", CONFIG.format(train='"synthetic:1x40x40:4:1400"', val="", data=", normalize: none"))
        node = self.train(config, 1, ["--data.store=node"])
        for ranks, nodes in ((3, 1), (5, 2)):
            self.same(node, self.train(config, ranks, ["--data.store=cluster", f"--sync.ranks_per_node={nodes}"]))

    def test_parts_of_one_file(self):
        config = self.write("config.yaml", self.read_with_fraction())
        for store in (["--data.store=scratch"], WINDOW):
            with self.subTest(store=store):
                first = self.train(config, 1, store)
                self.same(first, self.train(config, 3, store))
        node = self.train(config, 2, ["--data.store=node"])
        self.same(node, self.train(config, 2, ["--data.store=scratch"]))
        self.same(node, self.train(config, 3, ["--data.store=cluster", "--sync.ranks_per_node=1"]))

    def read_with_fraction(self):
        make(self.path("train.h5"), 1507)
        return CONFIG.format(train=self.path("train.h5"), val="", data=", val_fraction: 0.2")

    def test_resumed_in_another_store(self):
        config = self.config()
        whole = self.train(config, 2, ["--data.store=node", "--checkpoint.every_steps=37"])
        point = os.path.join(whole.folder, "checkpoints", "step-000000037.h5")
        self.assertTrue(os.path.exists(point), os.listdir(os.path.dirname(point)))
        for ranks, store in ((3, "scratch"), (1, "node"), (3, "cluster")):
            done = self.train(config, ranks, [f"--data.store={store}", "--sync.ranks_per_node=2", "--checkpoint.every_steps=37", "--resume", point])
            self.assertEqual(done.done["weights_hash"], whole.done["weights_hash"])
        process = harness.run(["train", config, "-o", self.path("other"), "--data.store=window", "--resume", point], 2)
        self.assertEqual(process.returncode, 2, process.stderr)
        self.assertIn("data.store: window", harness.error_lines(process.stderr)[0])

    def test_windows(self):
        config = self.config()
        one = self.train(config, 1, WINDOW)
        for ranks, flags in ((2, []), (3, []), (5, []), (8, []), (5, ["--sync.ranks_per_node=2"])):
            with self.subTest(ranks=ranks, flags=flags):
                self.same(one, self.train(config, ranks, [*WINDOW, *flags]))
        node = self.train(config, 2, ["--data.store=node"])
        self.assertNotEqual(one.done["weights_hash"], node.done["weights_hash"])
        other = self.train(config, 2, [*WINDOW[:2], "--data.window=480"])
        self.assertNotEqual(one.done["weights_hash"], other.done["weights_hash"])

    def test_windows_resumed(self):
        config = self.config()
        flags = [*WINDOW, "--checkpoint.every_steps=37"]
        whole = self.train(config, 3, flags)
        point = os.path.join(whole.folder, "checkpoints", "step-000000037.h5")
        for ranks in (1, 2, 5):
            self.assertEqual(self.train(config, ranks, [*flags, "--resume", point]).done["weights_hash"], whole.done["weights_hash"])
        process = harness.run(["train", config, "-o", self.path("other"), *flags, "--data.block=23", "--resume", point], 2)
        self.assertEqual(process.returncode, 2, process.stderr)

    def test_windows_learn_from_sorted_classes(self):
        config = self.config(6000, sort=True)
        full = self.train(config, 2, ["--data.store=node"]).of_kind("eval")[-1]["accuracy"]
        for window in (240, 960, 6000):
            with self.subTest(window=window):
                run = self.train(config, 2, ["--data.store=window", "--data.block=23", f"--data.window={window}"])
                self.assertGreater(run.of_kind("eval")[-1]["accuracy"], full - 0.04)
        self.assertIn("neighbours", harness.run(["check", config, *WINDOW], 1).stderr)

    def test_eval_and_predict_read_in_order(self):
        config = self.config()
        run = self.train(config, 2, ["--data.store=node"])
        last = run.of_kind("eval")[-1]
        with h5py.File(self.path("val.h5")) as file:
            y = file["y"][()]
        for ranks in (1, 3):
            out = self.path(f"predictions-{ranks}.h5")
            evaluated = harness.run(["eval", run.final, "--data", self.path("val.h5"), "--json", self.path("eval.json")], ranks)
            predicted = harness.run(["predict", run.final, "--data", self.path("val.h5"), "--out", out], ranks)
            self.assertEqual((evaluated.returncode, predicted.returncode), (0, 0), evaluated.stderr + predicted.stderr)
            with open(self.path("eval.json"), encoding="utf-8") as file:
                self.assertEqual(json.load(file)["loss"], last["loss"])
            with h5py.File(out) as file:
                self.assertEqual((file["predicted"][()] == y).mean(), last["accuracy"])

    def start(self, config, flags, ranks=2):
        line = harness.command(["train", config, "-o", self.path("run"), *flags], ranks)
        return subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=harness.environment())

    def wait_for_epoch(self, process):
        metrics, end = self.path("run/metrics.jsonl"), time.monotonic() + 60
        while time.monotonic() < end and process.poll() is None:
            if os.path.exists(metrics):
                with open(metrics, encoding="utf-8") as file:
                    if '"epoch"' in file.read():
                        return
            time.sleep(0.05)
        self.fail("no epoch")

    @staticmethod
    def damage(name, how):
        if how == "removed":
            os.remove(name)
        elif how == "cut":
            os.truncate(name, os.path.getsize(name) // 2)
        else:
            times = os.stat(name)
            with open(name, "r+b") as file:
                file.seek(os.path.getsize(name) // 4)
                file.write(bytes(os.path.getsize(name) // 2))
            os.utime(name, ns=(times.st_atime_ns, times.st_mtime_ns))

    # The ranks stand still meanwhile: none may see the file between the zeros and its old time, which only a read finds. A rank's
    # share of a set is more than HDF5 keeps in memory (1 MB), so that every epoch reads the file.
    def test_a_file_that_is_damaged_meanwhile(self):
        flags = [*WINDOW, "--train.epochs=100000", "--checkpoint.every_epochs=100000"]
        for file, damage in (("train.h5", "zeros"), ("train.h5", "cut"), ("train.h5", "removed"), ("val.h5", "zeros")):
            with self.subTest(file=file, damage=damage):
                config = self.config(40000, val_samples=40000)
                subprocess.run(["rm", "-rf", self.path("run")], check=True)
                process = self.start(config, flags)
                self.wait_for_epoch(process)
                ranks = children(process.pid)
                for pid in ranks:
                    os.kill(pid, signal.SIGSTOP)
                self.damage(self.path(file), damage)
                for pid in ranks:
                    os.kill(pid, signal.SIGCONT)
                out, err = process.communicate(timeout=60)
                lines = harness.error_lines(err)
                self.assertEqual((process.returncode, len(lines)), (DATA_ERROR, 1), out + err)
                self.assertIn(file, lines[0])
                self.assertIn("saved up to here", lines[0])
                self.assertEqual("reading samples" in lines[0], damage == "zeros", lines[0])
                self.assertTrue(os.path.exists(self.path("run/checkpoints/last.h5")))

    def test_killed(self):
        config = self.config(20000)
        process = self.start(config, ["--data.store=scratch", f"--data.scratch_dir={self.folder}", "--train.epochs=100000"])
        self.wait_for_epoch(process)
        self.assertEqual([n for n in os.listdir(self.folder) if "scratch" in n], [])
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)

    def test_what_a_killed_run_left(self):
        """Empty files, if it was killed while it made them: the next one on this machine removes those of dead processes."""
        dead, living, other = (f"ddp_train-scratch-{host}-{pid}-abcdef" for host, pid in
                               ((os.uname().nodename, 999999999), (os.uname().nodename, os.getpid()), ("elsewhere", 999999999)))
        for name in (dead, living, other):
            self.write(name, "")
        self.train(self.config(), 2, ["--data.store=scratch", f"--data.scratch_dir={self.folder}", "--train.epochs=1"])
        self.assertEqual(sorted(n for n in os.listdir(self.folder) if "scratch" in n), sorted((living, other)))

    @unittest.skipUnless(os.geteuid() == 0, "needs the right to mount")
    def test_full_disk(self):
        config = self.config(20000)
        whole = self.train(config, 2, ["--data.store=node"])
        part = self.train(config, 2, ["--data.store=node", "--train.epochs=2"])
        before = sorted(os.listdir(os.path.join(part.folder, "checkpoints")))
        folder = self.path("disk")
        os.makedirs(folder)
        shell = f'mount -t tmpfs -o size=1m tmpfs {folder} && exec "$@"'
        flags = ["train", config, "-o", part.folder, "--resume", "auto", "--data.store=scratch"]
        line = harness.command([*flags, f"--data.scratch_dir={folder}"], 2)
        process = subprocess.run(["unshare", "--mount", "bash", "-c", shell, "bash", *line], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True, timeout=60, check=False, env=harness.environment())
        if "unshare" in process.stderr:
            self.skipTest("may not mount")
        lines = harness.error_lines(process.stderr)
        self.assertEqual((process.returncode, len(lines)), (1, 1), process.stderr)
        self.assertIn("data.scratch_dir", lines[0])
        self.assertEqual(sorted(os.listdir(os.path.join(part.folder, "checkpoints"))), before)
        process = harness.run([*flags, f"--data.scratch_dir={self.folder}"], 3)
        self.assertIn(whole.done["weights_hash"], process.stdout, process.stderr)

    def test_check_says_what_each_needs(self):
        config = self.config()
        process = harness.run(["check", config, f"--data.scratch_dir={self.folder}"], 2)
        self.assertEqual(process.returncode, 0, process.stderr)
        for store in ("node", "cluster", "scratch", "window"):
            self.assertRegex(process.stdout, rf"data\.store: {store} +[0-9.]+")


if __name__ == "__main__":
    unittest.main()
