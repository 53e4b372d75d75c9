"""What a run that goes on may have otherwise, what it may not, key by key; and what begins again with --resume-override."""
import os
import re
import shutil

import h5py
import numpy as np

import harness
from resumed import CONFIGURATION, Case, events, setUpModule, weights  # noqa: F401

# Every key of the configuration with another value than the runs have that are gone on with. These cannot change the results,
MAY_CHANGE = {
    "run.name": "other", "data.allow_external": "true", "data.store": "scratch", "data.scratch_dir": "/tmp", "data.on_error": "skip",
    "data.val_x": "x", "data.val_y": "y", "data.val_weights": "w", "data.time_limit": "20",
    "train.epochs": "3", "train.max_bad_steps": "3", "train.patience": "9",
    "train.min_delta": "0.5", "train.max_time": "1h", "sync.ranks_per_node": "1", "sync.timeout": "100", "sync.death_timeout": "5",
    "sync.mixed": "allow", "sync.check_every": "7", "checkpoint.every_epochs": "2", "checkpoint.every_steps": "5",
    "checkpoint.every_minutes": "30", "checkpoint.keep": "1", "checkpoint.best": "train.loss", "log.every_steps": "2", "log.report_every": "1",
    "log.tensorboard": "true",
    "model.init": "zeros", "model.bias_init": "ones"}

# these would,
MAY_NOT = {
    "run.seed": "2", "run.isa": "v3", "run.products": "blas", "data.block": "7", "data.window": "70", "data.val_fraction": "0.5", "data.split_seed": "2", "data.x": "x", "data.y": "y",
    "data.layout": "NCHW", "data.labels": "index", "data.weights": "w",
    "data.samples": "files", "data.label_offset": "1", "data.shift": "1", "data.missing": "mean", "data.transforms": "[{log1p: {}}]", "data.augment": "[{flip: {axis: w, p: 0.5}}]",
    "data.normalize": "auto", "data.target_normalize": "standard", "model.input": "[64]",
    "model.freeze": "[a]", "optim.groups": "[{match: a, lr: 0.5, weight_decay: 1}]", "optim.max_norm": "2", "optim.max_norm_match": "[a, b]",
    "train.ema": "0.5", "train.ema_warmup": "true", "train.ema_every": "2", "train.swa_lr": "0.5", "train.swa_anneal_epochs": "3",
    "train.swa_anneal": "linear",
    "train.batch": "32", "train.precision": "bf16", "train.virtual_ranks": "4", "train.shuffle": "false", "train.accumulate": "2", "train.clip_norm": "1",
    "train.clip_value": "1", "train.clip_logits": "1", "train.early_stop": "val.loss", "loss.name": "multi_margin",
    "loss.reduction": "sum", "loss.mean_over": "labels", "loss.weight": "[1, 2, 3, 4]", "loss.ignore_index": "3", "loss.label_smoothing": "0.5",
    "optim.name": "adamw", "optim.lr": "0.5", "optim.beta1": "0.5", "optim.beta2": "0.5", "optim.eps": "0.5",
    "optim.weight_decay": "0.5", "optim.decay_biases": "false", "schedule.name": "cosine", "schedule.warmup_epochs": "1",
    "schedule.metric": "train.loss", "sync.method": "allreduce", "metrics.top_k": "2", "metrics.threshold": "0.25"}

# and these have tests of their own: class Data below, Changed of test_resume.py, test_averages.py, test_label_offset.py, test_sampler.py;
# or are for other samples than rows: an index may change, as the labels in it are compared.
OTHERS = {"data.train", "data.val", "data.label_map", "data.index", "data.val_index", "model.layers", "train.sampler", "train.swa"}


def flags(values):
    return [f"--{key}={value}" for key, value in values.items()]


def resolved(run):
    """{key: value as it is written} of a run's configuration."""
    found, section = {}, None
    with open(os.path.join(run, "config.yaml")) as f:
        for line in f:
            if re.match(r"\w", line):
                section = line.split(":")[0]
            elif match := re.match(r"  (\w+): ?(.*)$", line):
                found[f"{section}.{match[1]}"] = match[2]
    return found


class Keys(Case):
    def test_every_key_is_here(self):
        self.assertEqual(sorted([*MAY_CHANGE, *MAY_NOT, *OTHERS]), sorted(resolved(self.two)))

    def test_what_may_change(self):
        run = self.copy(self.two)
        self.done("c.yaml", "-o", run, "--resume", "auto", *flags(MAY_CHANGE))
        self.assertEqual(weights(run), weights(self.three))
        was, now = resolved(self.two), resolved(run)
        self.assertEqual({key: now[key] for key in now if now[key] != was[key]}, MAY_CHANGE)

    def test_what_may_not(self):
        """All are listed, those of a section at once; but the names by themselves, as another one has arguments of its own."""
        run, was, groups = self.copy(self.two), resolved(self.two), {}
        for key in MAY_NOT:
            section, name = key.split(".")
            groups.setdefault("name" if name == "name" else section, []).append(key)
        for keys in groups.values():
            words = [f"{key}: was {was[key]}, is {MAY_NOT[key]}" for key in keys]
            # data.val may change, and beside it data.val_fraction would be refused for another reason
            self.fails(CONFIGURATION, words, "c.yaml", "-o", run, "--resume", "auto", "--data.val=",
                       *flags({key: MAY_NOT[key] for key in keys}))
        self.same_as(self.two, run)


class Data(Case):
    """The places of the data may change, for their content is compared."""

    def write_data(self, name, **storage):
        random = np.random.RandomState(1)
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with h5py.File(self.path(name), "w") as f:
            for group, samples in (("train", 200), ("val", 50)):
                f.create_dataset(f"{group}/images", data=random.rand(samples, 1, 8, 8).astype(np.float32), **storage)
                f.create_dataset(f"{group}/labels", data=random.randint(0, 4, samples), **storage)

    def places(self, train, val=None):
        return f"--data.train={train}:train", f"--data.val={val or train}:val"

    def test_same_content_elsewhere(self):
        """In a copy, and in a file that stores it otherwise."""
        self.write_data("here/a.h5")
        self.done("c.yaml", "-o", "whole", *self.places("here/a.h5"))
        self.done("c.yaml", "-o", "run", "--train.epochs=1", *self.places("here/a.h5"))
        shutil.copy(self.path("here/a.h5"), self.path("b.h5"))
        shutil.rmtree(self.path("here"))
        self.done("c.yaml", "-o", "run", "--train.epochs=2", "--resume", "auto", *self.places("b.h5"))
        os.remove(self.path("b.h5"))
        self.write_data("there/c.h5", compression="gzip")
        process = self.done("c.yaml", "-o", "run", "--resume", "auto", *self.places("there/c.h5"))
        self.assertIn("resumed from run/checkpoints/final.h5: epoch 2", process.stdout)
        self.same_as(self.path("whole"), self.path("run"))

    def test_another_content(self):
        """In one value of one set."""
        self.write_data("data/a.h5")
        self.done("c.yaml", "-o", "run", "--train.epochs=2", *self.places("data/a.h5"))
        before = weights(self.path("run"))
        for group, name, at in (("train", "images", (150, 0, 3, 3)), ("train", "labels", 199), ("val", "images", (49, 0, 7, 7)),
                                ("val", "labels", 0)):
            shutil.copy(self.path("data/a.h5"), self.path("data/b.h5"))
            with h5py.File(self.path("data/b.h5"), "r+") as f:
                f[group][name][at] = 1 - f[group][name][at] if name == "images" else (f[group][name][at] + 1) % 4
            files = {"train": "data/a.h5", "val": "data/a.h5", group: "data/b.h5"}
            self.fails(CONFIGURATION, (f"data/b.h5:{group} have changed", "--resume-override"), "c.yaml", "-o", "run",
                       "--resume", "auto", *self.places(**files))
        self.assertEqual(weights(self.path("run")), before)


class Again(Case):
    """What a changed key makes useless begins again; each time a run of two epochs goes on for one more."""

    def begin(self, *arguments):
        self.done("c.yaml", "-o", "begun", "--train.epochs=2", *arguments)

    def goes_on(self, name, *arguments):
        """A copy of the run that was begun, after its third epoch."""
        run = self.copy(self.path("begun"), name)
        self.done("c.yaml", "-o", run, "--resume", "auto", *arguments)
        return run

    def state(self, run, prefix):
        with h5py.File(self.checkpoint(run, "final.h5"), "r") as f:
            return {key[len(prefix):]: value for key, value in f.attrs.items() if key.startswith(prefix)}

    def last(self, run, kind):
        return [e for e in events(run) if e["kind"] == kind][-1]

    def test_optimizer(self):
        """Another one with slots of the same names goes on as one that begins with these weights."""
        other = ("--optim.name=adamw", "--train.shuffle=false")
        self.begin("--train.shuffle=false")
        run = self.goes_on("run", "--resume-override", *other)
        self.done("c.yaml", "-o", "new", "--init-from", self.checkpoint(self.path("begun"), "final.h5"), "--train.epochs=1", *other)
        again = self.path("new")
        self.assertEqual(weights(run), weights(again))
        self.assertEqual(self.state(run, "optim_hash"), self.state(again, "optim_hash"))
        self.assertEqual((self.state(run, "step"), self.state(run, "updates")), ({"": 24}, {"": 8}))

    def test_schedule(self):
        """After two epochs the rate was halved once."""
        common = ("--schedule.name=reduce_on_plateau", "--schedule.patience=0", "--schedule.threshold=0.9")
        halves = (*common, "--schedule.factor=0.5")
        self.begin(*halves)
        kept = self.goes_on("kept", *halves)
        first = [e for e in events(kept) if e["kind"] == "eval"][0]
        self.assertEqual(self.state(kept, "schedule_"), {"epochs": 3, "drops": 2, "bad_epochs": 0, "cooldown": 0, "best": first["loss"]})
        self.assertEqual(self.last(kept, "epoch")["lr"], 0.005)
        for name, kind, changed in (("metric", "epoch", (*halves, "--schedule.metric=train.loss")),
                                    ("argument", "eval", (*common, "--schedule.factor=0.25")), ("name", None, ())):
            run = self.goes_on(name, "--resume-override", *changed)
            best = self.last(run, kind)["loss"] if kind else 0
            self.assertEqual(self.state(run, "schedule_"),
                             {"epochs": 1 if kind else 0, "drops": 0, "bad_epochs": 0, "cooldown": 0, "best": best})
            self.assertEqual(self.last(run, "epoch")["lr"], 0.01)

    def test_best(self):
        """An accuracy is no loss to compare with."""
        self.begin()
        run = self.goes_on("run", "--checkpoint.best=val.loss")
        self.assertEqual(self.state(run, "best_"), {"known": 1, "value": self.last(run, "eval")["loss"], "stale_epochs": 0})
        self.assertTrue(os.path.samefile(self.checkpoint(run, "best.h5"), self.checkpoint(run, "final.h5")))

    def test_early_stop(self):
        stop = ("--train.min_delta=100", "--train.patience=3")
        self.begin(*stop, "--train.early_stop=val.loss")
        kept = self.goes_on("kept", *stop, "--train.early_stop=val.loss")
        first = [e for e in events(kept) if e["kind"] == "eval"][0]
        self.assertEqual(self.state(kept, "early_stop_"), {"known": 1, "value": first["loss"], "stale_epochs": 2})
        run = self.goes_on("run", *stop, "--train.early_stop=train.loss", "--resume-override")
        self.assertEqual(self.state(run, "early_stop_"), {"known": 1, "value": self.last(run, "epoch")["loss"], "stale_epochs": 0})

    def test_early_stop_of_a_run_that_stopped(self):
        """By the new metric it has not stopped; and it is as patient as if it began."""
        stop = ("--train.min_delta=100", "--train.patience=1", "--train.epochs=9")
        self.done("c.yaml", "-o", "run", *stop, "--train.early_stop=val.loss")
        self.assertEqual(self.last(self.path("run"), "epoch")["epoch"], 2)
        self.done("c.yaml", "-o", "run", "--resume", "auto", "--resume-override", *stop, "--train.early_stop=train.loss")
        self.assertEqual(self.last(self.path("run"), "epoch")["epoch"], 4)


if __name__ == "__main__":
    harness.unittest.main()
