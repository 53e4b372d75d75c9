"""Averaged weights (train.ema, train.swa): the same bits at any number of ranks and nodes, and when a run goes on in mid-epoch; what
evaluation, prediction and a new run take; what a resumed run may not change. The network has running statistics, and rows that are
limited, which are cut between owners.
"""
import json
import os
import shutil

import h5py
import numpy as np

import harness

CONFIG = """
run: {name: averages}
data: {train: "synthetic:1x8x8:4:500", val: "synthetic:1x8x8:4:100", normalize: unit}
model:
  layers:
    - conv2d: {out: 6, kernel: 3}
    - batchnorm
    - relu
    - linear: 37
    - relu
    - linear: 4
train: {epochs: 4, batch: 64}
optim: {name: adam, lr: 1e-2, max_norm: 0.9, groups: [{match: "*bias", weight_decay: 0}, {match: "00*", lr: 0.5}]}
log: {every_steps: 1}
checkpoint: {every_steps: 3, keep: 20}
"""
EMA = ("--train.ema=0.9", "--train.ema_warmup=true", "--train.ema_every=2")
SWA = ("--train.swa=2", "--train.swa_lr=0.02", "--train.swa_anneal_epochs=2")


def content(path):
    """All numbers of a checkpoint: weights, slots, average."""
    return {group: {name: a.tobytes() for name, a in harness.tensors(path, group).items()} for group in ("model", "optim", "average")}


def evals(folder):
    with open(os.path.join(folder, "metrics.jsonl")) as f:
        return [(e["epoch"], e["loss"], e["accuracy"]) for e in map(json.loads, f) if e["kind"] == "eval"]


class Averages(harness.Case):
    def setUp(self):
        super().setUp()
        self.config = self.write("c.yaml", CONFIG)

    def check_everywhere(self, flags):
        """At any number of ranks and nodes, and from any checkpoint of the run at another one."""
        first = self.train(self.config, 1, flags)
        whole = content(first.final)
        self.assertEqual(set(whole["average"]), set(whole["model"]))
        self.assertNotEqual(whole["average"], whole["model"])
        for ranks, more in ((2, ()), (3, ("--sync.ranks_per_node=2",)), (5, ()), (4, ("--sync.ranks_per_node=1",))):
            run = self.train(self.config, ranks, (*flags, *more))
            self.assertEqual(content(run.final), whole, (ranks, more))
            self.assertEqual(evals(run.folder), evals(first.folder))
        names = sorted(n for n in os.listdir(os.path.join(first.folder, "checkpoints")) if n.startswith("step-"))
        self.assertGreater(len(names), 8)
        for i, name in enumerate(names[::2]):
            folder = self.path(f"resumed{i}")
            shutil.copytree(first.folder, folder)
            for other in os.listdir(os.path.join(folder, "checkpoints")):
                if other > name or not other.startswith("step-"):
                    os.remove(os.path.join(folder, "checkpoints", other))
            process = harness.run(["train", self.config, "-o", folder, "--resume", "auto", *flags], 1 + i % 3)
            self.assertEqual(process.returncode, 0, process.stderr)
            self.assertEqual(content(os.path.join(folder, "checkpoints", "final.h5")), whole, name)
            self.assertEqual(evals(folder), evals(first.folder))
        return first

    def result(self, *arguments):
        out = self.path("result.json")
        process = harness.run(["eval", *arguments, "--json", out])
        self.assertEqual(process.returncode, 0, process.stderr)
        with open(out) as f:
            return json.load(f)["loss"]

    def check_use(self, run, flags):
        """The best and the last figures are those of the averaged weights, and so is a prediction."""
        data = ("--data", "synthetic:1x8x8:4:100")
        averaged, plain = self.result(run.final, *data), self.result(run.final, *data, "--plain-weights")
        self.assertEqual(averaged, evals(run.folder)[-1][1])
        self.assertNotEqual(averaged, plain)
        rows = {}
        for name, more in (("averaged", ()), ("plain", ("--plain-weights",))):
            out = self.path(name + ".h5")
            process = harness.run(["predict", run.final, *data, "--out", out, *more])
            self.assertEqual(process.returncode, 0, process.stderr)
            with h5py.File(out) as f:
                rows[name] = f["logits"][()]
        self.assertFalse(np.array_equal(rows["averaged"], rows["plain"]))
        for more, group in ((), "average"), (("--plain-weights",), "model"):
            begun = self.train(self.config, 1, ("--init-from", run.final, "--train.epochs=0", *more))
            self.assertEqual(harness.tensors(begun.final)["00.conv2d/weight"].tobytes(),
                             harness.tensors(run.final, group)["00.conv2d/weight"].tobytes())
        process = harness.run(["inspect", run.final])
        self.assertIn(" times the weights, in /average", process.stdout)
        self.assertIn("average/00.conv2d/weight", process.stdout)

    def test_ema(self):
        run = self.check_everywhere(EMA)
        self.check_use(run, EMA)
        changed = [*EMA[1:], "--train.ema=0.95"]
        process = harness.run(["train", self.config, "-o", run.folder, "--resume", "auto", "--train.epochs=5", *changed])
        self.assertEqual(process.returncode, 2)
        self.assertIn("train.ema: was 0.9, is 0.95", process.stderr)
        process = harness.run(["train", self.config, "-o", run.folder, "--resume", "auto", "--train.epochs=5", "--resume-override", *changed])
        self.assertEqual(process.returncode, 0, process.stderr)

    def test_swa(self):
        run = self.check_everywhere(SWA)
        self.check_use(run, SWA)
        process = harness.run(["train", self.config, "-o", run.folder, "--resume", "auto", "--train.epochs=5", *SWA[1:], "--train.swa=3"])
        self.assertEqual(process.returncode, 2)
        self.assertIn("train.swa: was 2, is 3", process.stderr)

    def test_both(self):
        process = harness.run(["train", self.config, *EMA, *SWA, "-o", self.path("both")])
        self.assertEqual(process.returncode, 2)
        self.assertIn("train.swa (flag): there is already an average of the weights, train.ema", process.stderr)


if __name__ == "__main__":
    harness.unittest.main()
