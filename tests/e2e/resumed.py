"""What the tests of resuming share: complete runs, which a test copies, spoils and goes on from, and what such a run computed.

A test file imports setUpModule as well, which makes these runs.
"""
import json
import os
import shutil
import tempfile

import harness

CONFIGURATION, DATA = 2, 3  # exit codes

CONFIG = """
run: {name: tiny}
data: {train: "synthetic:1x8x8:4:500", val: "synthetic:1x8x8:4:100", normalize: unit}
model:
  layers:
    - linear: 8
    - relu
    - linear: 4
train: {epochs: 3, batch: 64}
optim: {name: adam, lr: 1e-2}
log: {every_steps: 1}
checkpoint: {every_steps: 3, keep: 3}
"""


def events(folder):
    with open(os.path.join(folder, "metrics.jsonl")) as f:
        return [json.loads(line) for line in f]


def figures(folder):
    """What a run computed, without how long it took and how often it was started."""
    return [{k: v for k, v in e.items() if k not in harness.TIMES} for e in events(folder) if e["kind"] in ("step", "epoch", "eval")]


def weights(folder):
    return events(folder)[-1]["weights_hash"]


def setUpModule():
    """Complete runs of two and of three epochs, to be copied."""
    folder = tempfile.mkdtemp(prefix="ddp_train_test_")
    harness.unittest.addModuleCleanup(shutil.rmtree, folder, ignore_errors=True)
    with open(os.path.join(folder, "c.yaml"), "w") as f:
        f.write(CONFIG)
    for name, epochs in (("two", 2), ("three", 3)):
        process = harness.run(["train", "c.yaml", "-o", name, f"--train.epochs={epochs}"], cwd=folder)
        assert process.returncode == 0, process.stderr
        setattr(Case, name, os.path.join(folder, name))


class Case(harness.Case):
    def setUp(self):
        super().setUp()
        self.write("c.yaml", CONFIG)

    def run_program(self, *arguments, ranks=None, variables=None):
        return harness.run(["train", *arguments], ranks, cwd=self.folder, variables=variables)

    def done(self, *arguments, **how):
        process = self.run_program(*arguments, **how)
        self.assertEqual(process.returncode, 0, process.stdout + process.stderr)
        return process

    def fails(self, code, words, *arguments, **how):
        process = self.run_program(*arguments, **how)
        lines = harness.error_lines(process.stderr)
        self.assertEqual((process.returncode, len(lines)), (code, 1), process.stdout + process.stderr)
        for word in words:
            self.assertIn(word, lines[0])

    def copy(self, run, name="run"):
        shutil.copytree(run, self.path(name))
        return self.path(name)

    def checkpoint(self, run, name):
        return os.path.join(run, "checkpoints", name)

    def only(self, run, *names):
        """Leaves these checkpoints, each a file of its own."""
        for name in os.listdir(os.path.join(run, "checkpoints")):
            if name not in names:
                os.remove(self.checkpoint(run, name))

    def same_as(self, reference, run):
        self.assertEqual(weights(run), weights(reference))
        self.assertEqual(figures(run), figures(reference))
