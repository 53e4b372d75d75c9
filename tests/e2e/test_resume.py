"""A run that ended too early goes on where its last checkpoint was: to the same bits and the same metrics, wherever its files are;
and what would make it another run is refused."""
import fcntl
import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time

import h5py
import numpy as np

import harness
from processes import children, content, until
from resumed import CONFIG, CONFIGURATION, DATA, Case, events, figures, setUpModule, weights  # noqa: F401


class Killed(Case):
    EPOCHS = "--train.epochs=30"

    def start(self, ranks, per_node):
        session = tempfile.mkdtemp(dir=self.folder)
        variables = {**harness.environment(), "OMPI_MCA_orte_tmpdir_base": session, "OMPI_MCA_odls_base_sigkill_timeout": "0"}
        arguments = ["train", "c.yaml", "-o", "run", "--resume", "auto", self.EPOCHS, f"--sync.ranks_per_node={per_node}"]
        return subprocess.Popen(harness.command(arguments, ranks), cwd=self.folder, env=variables, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def wait_for_steps(self, process, before):
        """Until the run has come further than a number of starts and steps."""
        until(lambda: process.poll() is not None or (len(content(self.path("run/metrics.jsonl"))) != before and children(process.pid)),
              30, 0.005)

    def test_at_any_moment_and_on_other_ranks(self):
        self.done("c.yaml", "-o", "whole", self.EPOCHS)
        draw = random.Random()
        killed, resumed = 0, 0
        for ranks, per_node in ((2, 0), (3, 2), (5, 2), (1, 0), (2, 1), (4, 0)):
            before = os.path.getsize(self.path("run/metrics.jsonl")) if killed else 0
            process = self.start(ranks, per_node)
            if killed < 5:
                self.wait_for_steps(process, before)
                time.sleep(draw.random() * 0.25)
                victims = children(process.pid) if process.poll() is None else []
                if victims:
                    os.kill(draw.choice(victims), signal.SIGKILL)
                    killed += 1
            output = process.communicate(timeout=60)[0]
            resumed += "resumed from run/checkpoints/" in output
        self.assertIn(process.returncode, (0,), output)
        self.assertGreaterEqual(killed, 2)
        self.assertGreaterEqual(resumed, 1)
        self.same_as(self.path("whole"), self.path("run"))


class Changed(Case):
    def test_differences_are_listed(self):
        run = self.copy(self.two)
        self.write("other.yaml", CONFIG.replace("- relu", "- tanh").replace("batch: 64", "batch: 32").replace("1e-2", "0.5"))
        self.fails(CONFIGURATION, ("other.yaml: ", "train.batch: was 64, is 32", "optim.lr: was 0.01, is 0.5", "model.layers[1]: was relu, is tanh",
                                   "--resume-override"), "other.yaml", "-o", run, "--resume", "auto")
        self.same_as(self.two, run)
        process = self.done("other.yaml", "-o", run, "--resume", "auto", "--resume-override")
        self.assertIn("train.batch: was 64, is 32; optim.lr", process.stderr)
        self.assertEqual(events(run)[-1]["kind"], "done")
        self.assertEqual([e["step"] for e in figures(run) if e["kind"] == "epoch"], [8, 16, 48])
        self.fails(CONFIGURATION, ("schedule.name: was constant, is cosine",), "other.yaml", "-o", run, "--resume", "auto",
                   "--schedule.name=cosine")

    def test_what_may_change(self):
        run = self.copy(self.two)
        self.done("c.yaml", "-o", run, "--resume", "auto", "--run.name=other", "--checkpoint.keep=1", "--checkpoint.every_steps=0",
                  "--checkpoint.best=val.loss", "--log.every_steps=2", "--sync.ranks_per_node=1", "--train.max_time=1h", ranks=3)
        self.assertEqual(weights(run), weights(self.three))
        with open(os.path.join(run, "config.yaml")) as f:
            self.assertIn("every_steps: 2", f.read())

    def test_epochs_stretch_a_schedule(self):
        run = self.copy(self.two)
        self.assertNotIn("depends on it", self.done("c.yaml", "-o", run, "--resume", "auto").stdout)
        self.done("c.yaml", "-o", "cosine", "--schedule.name=cosine")
        process = self.done("c.yaml", "-o", "cosine", "--schedule.name=cosine", "--resume", "auto", "--train.epochs=4")
        self.assertIn("train.epochs was 3 and is 4: schedule cosine depends on it", process.stdout)

    def test_another_optimizer_begins_again(self):
        run = self.copy(self.two)
        sgd = ("c.yaml", "-o", run, "--resume", "auto", "--optim.name=sgd", "--optim.momentum=0.9")
        self.fails(CONFIGURATION, ("optim.name: was adam, is sgd",), *sgd)
        self.assertIn("optim.name: was adam, is sgd", self.done(*sgd, "--resume-override").stderr)
        slots = harness.tensors(self.checkpoint(run, "final.h5"), "optim")
        self.assertEqual({name.split("/")[0] for name in slots}, {"momentum_buffer"})

    def test_another_shape_stays_an_error(self):
        run = self.copy(self.two)
        self.write("wide.yaml", CONFIG.replace("linear: 8", "linear: 9"))
        self.fails(DATA, ("model/00.linear", "its shape differs"), "wide.yaml", "-o", run, "--resume", "auto",
                   "--resume-override")
        self.same_as(self.two, run)

    def test_other_data(self):
        run = self.copy(self.two)
        other = ("c.yaml", "-o", run, "--resume", "auto", "--data.train=synthetic:1x8x8:4:400")
        self.fails(CONFIGURATION, ("the data of synthetic:1x8x8:4:400 have changed",), *other)
        self.done(*other, "--resume-override", "--train.epochs=4")

    def test_more_virtual_ranks_than_configured(self):
        """A run with more ranks than train.virtual_ranks keeps the slices it began with."""
        self.write("v.yaml", CONFIG.replace("batch: 64", "batch: 66, virtual_ranks: 2"))
        self.done("v.yaml", "-o", "whole", ranks=3)
        self.done("v.yaml", "-o", "run", "--train.epochs=1", ranks=3)
        self.done("v.yaml", "-o", "run", "--resume", "auto")
        self.same_as(self.path("whole"), self.path("run"))
        self.fails(CONFIGURATION, ("3 virtual ranks", "at most 3"), "v.yaml", "-o", "run", "--resume", "auto", "--train.epochs=5",
                   ranks=4)

    def test_another_kind_of_machine(self):
        """Wide slices go through OpenBLAS, whose kernels are those of the processor; v2 has no fused multiply-add."""
        self.write("wide.yaml", CONFIG.replace("batch: 64", "batch: 300, virtual_ranks: 1"))
        wide = ("wide.yaml", "-o", "run", "--resume", "auto")
        self.done(*wide, "--train.epochs=1", variables={"OPENBLAS_CORETYPE": "Haswell"})
        for core, warned in (("Haswell", False), ("Nehalem", True)):
            process = self.done(*wide, "--train.epochs=%d" % (2 + warned), variables={"OPENBLAS_CORETYPE": core})
            self.assertEqual("the results will not be bit-identical" in process.stderr, warned)
        process = self.done(*wide, "--train.epochs=4", "--run.isa=v2", "--resume-override", variables={"OPENBLAS_CORETYPE": "Nehalem"})
        self.assertIn("this machine uses v2: the results will not", process.stderr)

    def test_patience_after_an_early_stop(self):
        stop = ("c.yaml", "-o", "run", "--train.early_stop=val.loss", "--train.min_delta=100", "--train.epochs=9")
        self.done(*stop, "--train.patience=1")
        self.assertIn("already complete: it stopped early", self.done(*stop, "--train.patience=1", "--resume", "auto").stdout)
        self.done(*stop, "--train.patience=3", "--resume", "auto")
        self.assertEqual([e["epoch"] for e in events(self.path("run")) if e["kind"] == "epoch"], [1, 2, 3, 4])

    def test_more_epochs_after_a_stop_in_the_last_one(self):
        """A run that had been given more epochs from the start would have stopped there, too."""
        stop = ("c.yaml", "-o", "run", "--train.early_stop=val.loss", "--train.min_delta=100", "--train.patience=1")
        self.done(*stop, "--train.epochs=2")
        process = self.done(*stop, "--train.epochs=9", "--resume", "auto")
        self.assertIn("already complete: it stopped early after epoch 2", process.stdout)


class Places(Case):
    def test_without_the_flag(self):
        run = self.copy(self.two)
        for arguments in ((), ("--resume", "never")):
            self.fails(CONFIGURATION, ("is not empty", "--resume auto"), "c.yaml", "-o", run, *arguments)

    def test_flags_that_contradict(self):
        run = self.copy(self.two)
        for arguments in (("--resume", "auto", "--overwrite"), ("--resume", run, "--init-from", run), ("--resume-override",),
                          ("--resume", "")):
            self.fails(CONFIGURATION, ("--",), "c.yaml", "-o", run, *arguments)

    def test_begins_again_where_nothing_is(self):
        self.done("c.yaml", "-o", "run", "--resume", "auto")
        self.same_as(self.three, self.path("run"))
        self.done("c.yaml", "--resume", "auto", "-o", "run")

    def test_complete(self):
        run = self.copy(self.three)
        files = {name: os.stat(os.path.join(run, name)).st_mtime_ns for name in os.listdir(run)}
        process = self.done("c.yaml", "-o", run, "--resume", "auto", ranks=2)
        self.assertIn("final.h5: already complete: it ended after epoch 3, step 24", process.stdout)
        self.assertEqual(len(process.stdout.splitlines()), 1)
        del files["lock"]
        self.assertEqual(files, {name: os.stat(os.path.join(run, name)).st_mtime_ns for name in files})

    def test_more_epochs_than_none(self):
        """The figures of a model that has not been trained are no epoch's, and decide nothing."""
        flags = ("c.yaml", "--optim.name=sgd", "--optim.lr=50", "--schedule.name=reduce_on_plateau", "--schedule.patience=0")
        self.done(*flags, "-o", "whole")
        self.done(*flags, "-o", "run", "--train.epochs=0")
        self.done(*flags, "-o", "run", "--resume", "auto")
        self.assertEqual(weights(self.path("run")), weights(self.path("whole")))

    def test_killed_before_its_end_was_told(self):
        """Nothing but the end is told again, and the last names of the last checkpoint are made."""
        flags = ("c.yaml", "-o", "run", "--checkpoint.best=train.loss")
        self.done(*flags)
        run = self.path("run")
        final, best = (self.checkpoint(run, name) for name in ("final.h5", "best.h5"))
        self.assertTrue(os.path.samefile(final, best))
        os.remove(best)
        shutil.copy(self.checkpoint(run, "step-000000021.h5"), best)
        with open(os.path.join(run, "metrics.jsonl"), "r+") as f:
            told = f.readlines()
            f.truncate(sum(len(line) for line in told[:-1]))
        self.done(*flags, "--resume", "auto", ranks=2)
        self.same_as(self.three, run)
        last = events(run)[-1]
        self.assertEqual({k: last[k] for k in last if k not in harness.TIMES},
                         {k: v for k, v in json.loads(told[-1]).items() if k not in harness.TIMES})
        self.assertTrue(os.path.samefile(final, best))
        self.assertIn("already complete", self.done(*flags, "--resume", "auto").stdout)

    def test_files_that_no_run_left(self):
        os.mkdir(self.path("mine"))
        self.write("mine/config.yaml", CONFIG)
        self.fails(CONFIGURATION, ("is not a run directory", "config.yaml", "-o"), "mine/config.yaml", "-o", "mine", "--resume", "auto")
        with open(self.path("mine/config.yaml")) as f:
            self.assertEqual(f.read(), CONFIG)
        self.assertEqual(os.listdir(self.path("mine")), ["config.yaml"])
        run = self.copy(self.two)
        self.write("run/checkpoints/mine.h5", "mine")
        self.done("c.yaml", "-o", run, "--overwrite")
        self.assertTrue(os.path.exists(self.checkpoint(run, "mine.h5")))
        self.same_as(self.three, run)

    def test_more_epochs_go_on(self):
        run = self.copy(self.two)
        self.assertIn("final.h5: epoch 2, step 16", self.done("c.yaml", "-o", run, "--resume", "auto").stdout)
        self.same_as(self.three, run)

    def test_ended_before_the_first_checkpoint(self):
        run = self.copy(self.two)
        self.only(run)
        self.fails(CONFIGURATION, ("complete run, but no checkpoint",), "c.yaml", "-o", run, "--resume", "auto")
        with open(os.path.join(run, "metrics.jsonl"), "r+") as f:
            f.truncate(1000)
        self.write("run/mine.txt", "mine")
        self.write("run/config.yaml.tmp.12345", "torn")
        self.done("c.yaml", "-o", run, "--resume", "auto")
        self.same_as(self.three, run)
        self.assertTrue(os.path.exists(self.path("run/mine.txt")))
        self.assertFalse(os.path.exists(self.path("run/config.yaml.tmp.12345")))

    def test_without_a_configuration(self):
        """The checkpoint brings it along; the demo has no say."""
        run = self.copy(self.two)
        os.remove(self.path("c.yaml"))
        process = self.done("--resume", run, "--train.epochs=3")
        self.assertNotIn("demo", process.stdout)
        self.same_as(self.three, run)

    def test_newest_run_of_the_name(self):
        for name, source in (("tiny-20250101-000000", self.two), ("tiny-20250102-000000", self.two), ("tiny-20250103-000000", self.three),
                             ("tiny-2-20250104-000000", self.two), ("tiny-20250105-000000-j7", self.two)):
            self.copy(source, os.path.join("runs", name))
        runs = self.path("runs")
        os.rename(os.path.join(runs, "tiny-20250105-000000-j7"), self.path("aside"))
        process = self.done("c.yaml", "--resume", "auto")
        self.assertIn("resumed from runs/tiny-20250102-000000/checkpoints/final.h5", process.stdout)
        self.same_as(self.three, os.path.join(runs, "tiny-20250102-000000"))
        os.rename(self.path("aside"), os.path.join(runs, "tiny-20250105-000000-j7"))
        process = self.done("c.yaml", "--resume", "auto", ranks=1, variables={"SLURM_JOB_ID": "7"})
        self.assertIn("resumed from runs/tiny-20250105-000000-j7/", process.stdout)
        before = set(os.listdir(runs))
        self.done("c.yaml", "--resume", "auto", ranks=1, variables={"SLURM_JOB_ID": "8"})
        new, = set(os.listdir(runs)) - before
        self.assertRegex(new, r"^tiny-\d{8}-\d{6}-j8$")

    def test_newest_run_that_is_not_at_work(self):
        for name, source in (("tiny-20250101-000000", self.two), ("tiny-20250102-000000", self.two), ("tiny-20250103-000000", self.three)):
            self.copy(source, os.path.join("runs", name))
        free, busy = (self.path(f"runs/tiny-2025010{day}-000000") for day in (1, 2))
        with open(os.path.join(busy, "lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            lock.write("process 123 on elsewhere\n")
            lock.flush()
            process = self.done("c.yaml", "--resume", "auto")
        self.assertRegex(process.stdout, "tiny-20250102-000000: is in use by process 123 on elsewhere.*; trying the next run")
        self.assertIn("resumed from runs/tiny-20250101-000000/checkpoints/final.h5", process.stdout)
        self.same_as(self.three, free)
        self.same_as(self.two, busy)

    def test_path(self):
        run = self.copy(self.two)
        older = self.checkpoint(run, "step-000000012.h5")
        self.fails(CONFIGURATION, ("is not the newest", "-o NEWDIR"), "c.yaml", "--resume", older)
        process = self.done("c.yaml", "--resume", older, "-o", "new")
        self.assertIn(f"resumed from {older}: epoch 1, step 12", process.stdout)
        self.same_as(self.two, run)
        new = events(self.path("new"))
        self.assertEqual([e["kind"] for e in new[:3]], ["start", "resume", "step"])
        self.assertEqual((new[1]["from"], new[1]["step"], new[1]["epoch"]), (older, 12, 1))
        self.assertEqual(weights(self.path("new")), weights(self.three))
        self.assertEqual(figures(self.path("new")), [e for e in figures(self.three) if e["step"] > 12])
        self.fails(CONFIGURATION, ("is not empty",), "c.yaml", "--resume", older, "-o", "new")
        self.done("c.yaml", "--resume", self.checkpoint(run, "final.h5"))
        self.same_as(self.three, run)
        self.fails(DATA, ("nowhere",), "c.yaml", "--resume", self.path("nowhere"))
        os.mkdir(self.path("hollow"))
        self.fails(DATA, ("has no checkpoint",), "c.yaml", "--resume", self.path("hollow"))

    def test_lock(self):
        """One that lets go in time is waited for, one that does not is named."""
        waited, refused = self.copy(self.two), self.copy(self.two, "refused")
        locks = [open(os.path.join(folder, "lock"), "w") for folder in (waited, refused)]
        for lock in locks:
            fcntl.flock(lock, fcntl.LOCK_EX)
            lock.write("process 123 on elsewhere\n")
            lock.flush()
        start = [subprocess.Popen(harness.command(["train", "c.yaml", "-o", folder, *how]), cwd=self.folder, env=harness.environment(),
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                 for folder, how in ((waited, ("--resume", "auto")), (refused, ("--overwrite",)))]
        time.sleep(1)
        locks[0].close()
        self.assertIn("waiting for process 123 on elsewhere", start[0].communicate(timeout=60)[0])
        self.assertEqual(start[0].returncode, 0)
        self.same_as(self.three, waited)
        errors = harness.error_lines(start[1].communicate(timeout=60)[1])
        locks[1].close()
        self.assertEqual(start[1].returncode, 1)
        self.assertIn("refused: is in use by process 123 on elsewhere", errors[0])
        self.same_as(self.two, refused)


class Metrics(Case):
    def test_torn_line_and_gap(self):
        run = self.copy(self.two)
        metrics = os.path.join(run, "metrics.jsonl")
        with open(metrics, "a") as f:
            f.write('{"kind": "step", "epo')
        self.assertNotIn("lines are missing", self.done("c.yaml", "-o", run, "--resume", "auto").stderr)
        self.same_as(self.three, run)
        self.assertEqual([e["kind"] for e in events(run)].count("resume"), 1)

        gap = self.copy(self.two, "gap")
        metrics = os.path.join(gap, "metrics.jsonl")
        os.truncate(metrics, 1000)
        self.assertIn("metrics.jsonl", self.done("c.yaml", "-o", gap, "--resume", "auto").stderr)
        self.assertEqual([e["step"] for e in figures(gap) if e["step"] > 16], [e["step"] for e in figures(self.three) if e["step"] > 16])

    def test_log_is_appended(self):
        run = self.copy(self.two)
        self.done("c.yaml", "-o", run, "--resume", "auto")
        with open(os.path.join(run, "log.txt")) as f:
            log = f.read()
        self.assertIn("epoch 1/2", log)
        self.assertIn("epoch 3/3", log)
        self.assertIn("resumed from", log)

    def best(self, run):
        """All that is kept with the best checkpoint, the weights' hash included; not how long it took and how much was written."""
        with h5py.File(self.checkpoint(run, "best.h5"), "r") as f:
            return {k: v for k, v in f.attrs.items() if k not in ("train_seconds", "epoch_seconds", "metrics_bytes")}

    def test_best_is_the_same(self):
        """The best epoch is neither the first of a start nor the last of all; each epoch is a start of its own."""
        flags = ("c.yaml", "--optim.lr=0.1")
        self.done(*flags, "-o", "whole", "--train.epochs=6")
        for epochs in range(1, 7):
            self.done(*flags, "-o", "run", "--resume", "auto", f"--train.epochs={epochs}")
        whole, run = self.path("whole"), self.path("run")
        self.assertEqual(self.best(run), self.best(whole))
        self.assertLess(self.best(whole)["epoch"], 6)
        for name, values in harness.tensors(self.checkpoint(whole, "best.h5")).items():
            np.testing.assert_array_equal(harness.tensors(self.checkpoint(run, "best.h5"))[name], values)


class InitFrom(Case):
    def test_weights_only(self):
        source = self.checkpoint(self.two, "final.h5")
        self.done("c.yaml", "-o", "run", "--init-from", source, "--train.epochs=0", ranks=2)
        taken = harness.tensors(self.checkpoint(self.path("run"), "final.h5"))
        for name, values in harness.tensors(source).items():
            np.testing.assert_array_equal(taken[name], values)
        self.assertFalse(any(v.any() for v in harness.tensors(self.checkpoint(self.path("run"), "final.h5"), "optim").values()))
        with open(self.path("run/env.json")) as f:
            self.assertEqual(json.load(f)["weights_from"], source)

    def test_partly(self):
        self.write("head.yaml", CONFIG.replace("    - linear: 4", "    - linear: 6\n    - linear: 4"))
        process = self.done("head.yaml", "-o", "run", "--init-from", self.checkpoint(self.two, "final.h5"), "--train.epochs=0")
        said = {line.split()[0]: line for line in process.stdout.splitlines() if line.startswith("  model/")}
        self.assertIn("loaded", said["model/00.linear/weight"])
        self.assertIn("not loaded, keeps its initial values: the file has shape (4, 8)", said["model/02.linear/weight"])
        self.assertIn("not loaded, keeps its initial values: missing in the file", said["model/03.linear/weight"])
        with open(self.path("run/log.txt")) as f:
            self.assertIn("not loaded", f.read())

    def test_nothing_matches(self):
        self.write("other.yaml", CONFIG.replace("linear: 8", "linear: 9"))
        source = self.path("half.h5")
        shutil.copy(self.checkpoint(self.two, "final.h5"), source)
        with h5py.File(source, "r+") as f:
            del f["model/02.linear/bias"]
        harness.reseal(source)
        for ranks in (None, 2):
            self.fails(CONFIGURATION, ("none of its tensors",), "other.yaml", "-o", "run", "--init-from", source, ranks=ranks)
        self.assertFalse(os.path.exists(self.path("run")))

    def test_counts_only_when_a_run_begins(self):
        begin = ("c.yaml", "-o", "run", "--resume", "auto", "--init-from", self.checkpoint(self.two, "final.h5"))
        self.assertIn("loaded", self.done(*begin, "--train.epochs=1").stdout)
        self.assertNotIn("loaded", self.done(*begin, "--train.epochs=2").stdout)


if __name__ == "__main__":
    harness.unittest.main()
