"""`ddp_train runs` and `watch`: what they say of runs is what the runs' own files say."""
# processors: 2
import csv
import fcntl
import io
import json
import os
import pty
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import harness  # noqa: E402

CONFIG = """
run: {name: tiny}
data: {train: "synthetic:1x8x8:4:600", val: "synthetic:1x8x8:4:100", normalize: unit}
model:
  layers:
    - linear: 8
    - relu
    - linear: 4
train: {epochs: 4, batch: 60}
optim: {name: sgd, lr: 0.05}
checkpoint: {every_epochs: 2}
"""
DIVERGED, SAVED = 4, 75  # exit codes


def lines(run):
    with open(os.path.join(run, "metrics.jsonl")) as f:
        return [json.loads(line) for line in f]


class Runs(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = tempfile.mkdtemp(prefix="ddp_train_test_")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.config, cls.runs = os.path.join(cls.folder, "tiny.yaml"), os.path.join(cls.folder, "runs")
        with open(cls.config, "w") as f:
            f.write(CONFIG)
        for name, code, *flags in (("complete", 0), ("other", 0, "--optim.lr=0.01", "--train.epochs=2", "--log.every_steps=5"),
                                   ("diverged", DIVERGED, "--optim.lr=1e6", "--optim.weight_decay=1"),
                                   ("saved", SAVED, "--train.epochs=1000000", "--train.max_time=1s", "--checkpoint.every_epochs=0")):
            process = harness.run(["train", cls.config, "-o", os.path.join(cls.runs, name), *flags], 2)
            if process.returncode != code:
                raise AssertionError(f"{name}: exit code {process.returncode}\n{process.stderr}")

    def setUp(self):
        """Tests that change a run change a copy."""
        copy = tempfile.TemporaryDirectory(prefix="ddp_train_test_")
        self.addCleanup(copy.cleanup)
        self.folder, self.runs = copy.name, os.path.join(copy.name, "runs")
        shutil.copytree(type(self).runs, self.runs)

    def show(self, *arguments):
        process = harness.run(["runs", *arguments])
        self.assertEqual((process.returncode, process.stderr), (0, ""))
        return process.stdout

    def list(self, *arguments):
        return json.loads(self.show(self.runs, "--json", "-", *arguments))

    def test_states(self):
        states = {os.path.basename(run["run"]): run["state"] for run in self.list()}
        self.assertEqual(states, {"complete": "complete", "other": "complete", "diverged": "failed", "saved": "saved"})
        command = [harness.PROGRAM, "train", self.config, "-o", os.path.join(self.runs, "running"), "--train.epochs=1000000"]
        process = subprocess.Popen(command, env=harness.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            for _ in range(100):
                found = [run for run in self.list() if run["run"].endswith("running") and run["epoch"] > 0]
                if found:
                    break
                time.sleep(0.1)
            self.assertEqual([run["state"] for run in found], ["running"])
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
        self.assertIn(" saved ", self.show(os.path.join(self.runs, "running")))  # killed, after some checkpoints
        shutil.rmtree(os.path.join(self.runs, "running", "checkpoints"))
        self.assertIn(" failed ", self.show(os.path.join(self.runs, "running")))

    def test_values(self):
        """Best and last values of all metrics are those of metrics.jsonl, in JSON and in CSV."""
        rows = {row["run"]: row for row in csv.DictReader(io.StringIO(self.show(self.runs, "--csv", "-")))}
        for run in self.list():
            events, row = lines(run["run"]), rows[run["run"]]
            epochs = [e for e in events if e["kind"] == "epoch"]
            self.assertEqual((run["epoch"], run["epochs"], run["ranks"]), (len(epochs), events[0]["epochs"], 2))
            self.assertEqual(int(row["epoch"]), len(epochs))
            for name, values in run["metrics"].items():
                split, metric = name.split(".")
                source = epochs if split == "train" else [e for e in events if e["kind"] == "eval"]
                found = [(e[metric], e["epoch"]) for e in source if e[metric] is not None]
                best = min(found, key=lambda f: f[0]) if metric in ("loss", "log_loss") else max(found, key=lambda f: (f[0], -f[1]))
                self.assertEqual((values["best"], values["epoch"], values["last"]), (*best, found[-1][0]), name)
                self.assertEqual((float(row[name]), int(row[name + ".epoch"]), float(row[name + ".last"])), (*best, found[-1][0]))
        complete = [run for run in self.list() if run["run"].endswith("complete")][0]
        self.assertIn("val.cohen_kappa", complete["metrics"])

    def test_differences(self):
        """Only keys that change what a run computes."""
        differs = {os.path.basename(run["run"]): run["differs"] for run in self.list()}
        self.assertEqual(differs["complete"], {"optim.lr": "0.05", "train.epochs": "4", "optim.weight_decay": "0", "train.max_time": '""'})
        self.assertEqual(differs["other"], {"optim.lr": "0.01", "train.epochs": "2", "optim.weight_decay": "0", "train.max_time": '""'})

    def test_table(self):
        def order(key):
            return [line.split()[0] for line in self.show(self.runs, "--sort", key).splitlines()[1:]]

        best = {os.path.basename(run["run"]): run["metrics"].get("val.accuracy", {}).get("best", -1) for run in self.list()}
        self.assertEqual(order("val.accuracy"), sorted(best, key=lambda name: (-best[name], name)))
        self.assertEqual(order("name"), sorted(best))
        self.assertEqual(order("epochs")[0], "saved")
        head, *rows = self.show(os.path.join(self.runs, "complete"), os.path.join(self.runs, "other"), "--sort", "val.loss").splitlines()
        self.assertEqual(head.split()[:7], ["run", "state", "epochs", "train.loss", "val.loss", "val.accuracy", "time"])
        self.assertEqual(len(rows), 2)
        self.assertIn("4/4", rows[0])

    def watch_in_terminal(self, run, columns, **variables):
        """What a terminal of that width gets until the command ends."""
        process, end = pty.fork()
        if process == 0:
            os.execve(harness.PROGRAM, [harness.PROGRAM, "watch", run], {**harness.environment(), **variables})
        fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        text = b""
        try:
            while part := os.read(end, 65536):
                text += part
        except OSError:  # Linux says so at the end
            pass
        os.close(end)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), 0)
        return text.decode()

    def test_watch(self):
        """A finished run: every epoch as a line, or curves in a terminal, as wide as that; one that runs is followed to its end."""
        run = os.path.join(self.runs, "complete")
        rows = harness.run(["watch", run]).stdout.splitlines()
        self.assertEqual([row.split("  ")[0] for row in rows], ["epoch 1/4", "epoch 2/4", "epoch 3/4", "epoch 4/4", "complete"])
        self.assertIn(f"accuracy  train {[e for e in lines(run) if e['kind'] == 'epoch'][-1]['accuracy']:.4g}", rows[3])
        for columns in (40, 100):
            text = self.watch_in_terminal(run, columns, NO_COLOR="1")
            self.assertNotIn("\x1b[3", text)
            self.assertGreater(sum("\u2800" < c <= "\u28ff" for c in text), 10)
            widest = max(len(row.rstrip()) for row in text.splitlines() if any("\u2800" < c <= "\u28ff" for c in row))
            self.assertEqual(widest, columns)
        self.assertIn("\x1b[36mtrain", self.watch_in_terminal(run, 80))
        command = [harness.PROGRAM, "train", self.config, "-o", os.path.join(self.runs, "new"), "--train.epochs=1000000", "--train.max_time=3s"]
        process = subprocess.Popen(command, env=harness.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not os.path.exists(os.path.join(self.runs, "new", "metrics.jsonl")):
            time.sleep(0.05)
        text = self.watch_in_terminal(os.path.join(self.runs, "new"), 80)
        self.assertEqual(process.wait(), SAVED)
        self.assertIn("running  epoch ", text)
        self.assertIn(" left", text)
        self.assertRegex(text.replace("\r", "").split("\x1b[J")[-1], r"^saved  epoch ")

    def test_refusals(self):
        for arguments, words in (([self.path("nowhere")], "cannot be read"), ([self.runs, "--sort", "val.acuracy"], "did you mean 'val.accuracy'?")):
            process = harness.run(["runs", *arguments])
            self.assertEqual((process.returncode, len(harness.error_lines(process.stderr))), (2, 1), process.stderr)
            self.assertIn(words, process.stderr)
        broken = os.path.join(self.runs, "complete", "metrics.jsonl")
        with open(broken, "r+") as f:
            f.write("{{")
        process = harness.run(["runs", os.path.dirname(broken)])
        self.assertEqual(process.returncode, 3)
        self.assertIn(broken + ":1: ", process.stderr)

    def test_a_damaged_run_hides_no_other(self):
        with open(os.path.join(self.runs, "complete", "metrics.jsonl"), "a") as f:
            f.write("{\n")
        process = harness.run(["runs", self.runs, os.path.join(self.runs, "other")])  # the second one is in the first
        self.assertEqual(process.returncode, 0, process.stderr)
        self.assertIn("this run is left out", process.stderr + process.stdout)
        rows = [line.split()[0] for line in process.stdout.splitlines() if " complete " in line or " saved " in line or " failed " in line]
        self.assertEqual(rows, ["diverged", "other", "saved"])

    def test_more_epochs(self):
        """A run that goes on for longer than it first wanted to."""
        run = os.path.join(self.runs, "complete")
        process = harness.run(["train", self.config, "-o", run, "--resume", "auto", "--train.epochs=6"], 1)
        self.assertEqual(process.returncode, 0, process.stderr)
        found = json.loads(self.show(run, "--json", "-"))[0]
        self.assertEqual((found["epoch"], found["epochs"], found["ranks"], found["state"]), (6, 6, 1, "complete"))

    def test_many_keys(self):
        """All keys that differ, those of the layers last."""
        def deep(name, width, rate):
            layers = "".join(f"    - linear: {width + i}\n" for i in range(90))
            return self.write(name, CONFIG.replace("    - linear: 8\n    - relu\n", layers).replace("epochs: 4", "epochs: 0").replace("0.05", rate))

        for name, file in (("deep", deep("deep.yaml", 8, "0.05")), ("wide", deep("wide.yaml", 108, "0.5"))):
            process = harness.run(["train", file, "-o", os.path.join(self.folder, "many", name)])
            self.assertEqual(process.returncode, 0, process.stderr)
        folder = os.path.join(self.folder, "many")
        keys = list(json.loads(self.show(folder, "--json", "-"))[0]["differs"])
        self.assertEqual(keys[0], "optim.lr")
        self.assertGreater(len(keys), 64)
        self.assertIn("optim.lr", self.show(folder).splitlines()[0])

    def test_watch_odd_lines(self):
        """Values that no plot can hold, and terminals of a few columns."""
        run = os.path.join(self.runs, "complete")
        with open(os.path.join(run, "metrics.jsonl"), "a") as f:
            f.write('{"kind": "epoch", "loss": 0.5}\n{"kind": "eval", "split": "val", "epoch": 1e308, "loss": 1e308}\n'
                    '{"kind": "eval", "split": "val", "epoch": -1e308, "loss": -1e308}\n')
        for columns in (1, 12, 80):
            self.assertIn("complete"[:columns], self.watch_in_terminal(run, columns, NO_COLOR="1"))

    def test_a_torn_line_and_an_empty_folder(self):
        with open(os.path.join(self.runs, "complete", "metrics.jsonl"), "a") as f:
            f.write('{"kind": "ep')
        self.assertIn("4/4", self.show(os.path.join(self.runs, "complete")))
        self.assertEqual(len(self.show(self.folder).splitlines()), 1)


if __name__ == "__main__":
    harness.unittest.main()
