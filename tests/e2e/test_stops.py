"""Signals and train.max_time: all ranks save at the same step, one line says why, the exit code asks for another start, and a run
that was stopped many times, in every way and at changing rank counts, tells and learns what an undisturbed one does."""
# processors: 2
import json
import os
import re
import signal
import subprocess
import tempfile
import time
import unittest

import harness
from processes import children, content, runs, until

REQUEUE, INTERRUPTED = 75, 130
SIGNALS = (signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGINT)

# 8 epochs of 60 steps, some seconds in all.
CONFIG = """
data: {train: "synthetic:1x20x20:6:3840", val: "synthetic:1x20x20:6:500", normalize: none}
model: {input: [1, 20, 20], layers: [conv2d: {out: 16, kernel: 5}, relu, linear: 64, relu, dropout: 0.2, linear: 6]}
train: {epochs: 8, batch: 64, virtual_ranks: 4}
optim: {name: adam}
log: {every_steps: 1}
checkpoint: {every_epochs: 2, keep: 2}
"""


def steps_told(folder):
    return content(os.path.join(folder, "metrics.jsonl")).count('"kind": "step"')


def catches(pid, number):
    match = re.search(r"^SigCgt:\s*(\w+)", content(f"/proc/{pid}/status"), re.M)
    return bool(match) and int(match.group(1), 16) >> (number - 1) & 1 == 1


class Job:
    """A start of the program, under mpirun unless `ranks` is None. After a rank's exit code other than 0 mpirun waits two seconds for
    no process, unless it has no patience; but then it also gives ranks no time when it is told to end itself."""

    def __init__(self, case, config, folder, ranks=None, flags=(), patience=False):
        self.session = tempfile.TemporaryDirectory(prefix="ddp_mpi_", ignore_cleanup_errors=True)
        environment = {**harness.environment(), "OMPI_MCA_orte_tmpdir_base": self.session.name}
        if not patience:
            environment["OMPI_MCA_odls_base_sigkill_timeout"] = "0"
        arguments = ["train", config, "-o", folder, "--resume=auto", *flags]
        self.process = subprocess.Popen(harness.command(arguments, ranks), env=environment, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.ranks = ranks
        case.addCleanup(self.end)

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
        self.session.cleanup()

    def members(self):
        """The program's processes, in the order of their ranks."""
        if self.ranks is None:
            return [self.process.pid]
        return sorted(p for p in children(self.process.pid) if runs(p, harness.PROGRAM))

    def finish(self):
        self.stdout, self.stderr = self.process.communicate(timeout=60)
        return self.process.returncode


class Stops(harness.Case):
    def stop(self, job, number, target, folder, code, cause):
        """Sends the signal to "mpirun" or a rank, and looks at what the run says and leaves."""
        victim = job.process.pid if target == "mpirun" else job.members()[target]
        os.kill(victim, number)
        return self.stopped(job, folder, code, cause)

    def stopped(self, job, folder, code, cause):
        self.assertEqual(job.finish(), code, job.stdout + job.stderr)
        self.assertEqual(harness.error_lines(job.stderr), [])
        told = re.findall(r"^saved (\S+): (.*) at step (\d+); start again with --resume auto to continue$",
                          content(os.path.join(folder, "log.txt")), re.M)
        path, why, step = told[-1]
        self.assertEqual(why, cause)
        self.assertTrue(path.endswith(f"step-{int(step):09d}.h5"))
        self.assertTrue(os.path.exists(path), path)
        self.assertNotIn("error", content(os.path.join(folder, "log.txt")))
        if code != 1:  # mpirun that was told to end forwards no output any more
            self.assertEqual(job.stdout.splitlines()[-1], f"saved {path}: {why} at step {step}; start again with --resume auto to "
                                                          "continue")
        return int(step)

    def lines_of(self, folder):
        with open(os.path.join(folder, "metrics.jsonl")) as f:
            return [json.loads(line) for line in f]

    def of_kind(self, folder, kind):
        return [line for line in self.lines_of(folder) if line["kind"] == kind]

    def same_story(self, folder, whole):
        """No step, epoch or evaluation is lost, told twice or told differently."""
        story = [[(line["kind"], line.get("step"), line.get("epoch"), line.get("loss"), line.get("accuracy")) for line in lines
                  if line["kind"] in ("step", "epoch", "eval")] for lines in (self.lines_of(folder), whole.lines)]
        self.assertEqual(*story)
        self.assertEqual(self.lines_of(folder)[-1]["weights_hash"], whole.done["weights_hash"])

    def test_every_way_to_stop(self):
        config = self.write("config.yaml", CONFIG.replace("epochs: 8", "epochs: 1000000"))  # never at its end, however fast the machine
        folder = self.path("run")
        ways = [(None, number, 0) for number in SIGNALS]
        ways += [(2, number, 1) for number in SIGNALS] + [(3, signal.SIGUSR2, 2), (1, signal.SIGTERM, 0)]
        ways += [(3, signal.SIGUSR1, "mpirun"), (2, signal.SIGUSR2, "mpirun"), (1, signal.SIGUSR1, "mpirun")]
        ways += [(2, signal.SIGTERM, "mpirun"), (3, signal.SIGINT, "mpirun")]
        last = 0
        for ranks, number, target in ways:
            with self.subTest(ranks=ranks, signal=number.name, target=target):
                ends = target == "mpirun" and number in (signal.SIGTERM, signal.SIGINT)  # it sends SIGTERM, and leaves with 1
                job = Job(self, config, folder, ranks, patience=ends)
                self.assertTrue(until(lambda: steps_told(folder) > last + 1, 30), content(os.path.join(folder, "log.txt")))
                cause = "SIGTERM" if ends else number.name if target in ("mpirun", 0) else f"rank {target}: {number.name}"
                code = 1 if ends else INTERRUPTED if number == signal.SIGINT else REQUEUE
                step = self.stop(job, number, target, folder, code, cause)
                self.assertGreater(step, last)
                last = step
        job = Job(self, config, folder, 2, ["--train.max_time=4s"])  # set-up counts, too
        last = self.stopped(job, folder, REQUEUE, "train.max_time")
        enough = f"--train.epochs={last // 60 + 2}"
        job = Job(self, config, folder, 2, [enough])
        self.assertEqual(job.finish(), 0, job.stderr)
        self.assertIn(f"step {last}", job.stdout)
        self.same_story(folder, self.train(config, 2, [enough]))
        job = Job(self, config, folder, flags=[enough])
        self.assertEqual(job.finish(), 0, "a finished run stays finished")

    def test_during_an_evaluation(self):
        text = CONFIG.replace("epochs: 8", "epochs: 1").replace("20x20:6:500", "20x20:6:40000").replace("3840", "320")
        text = text.replace("conv2d: {out: 16, kernel: 5}", "linear: 2048, relu, linear: 1024")
        config, folder = self.write("config.yaml", text), self.path("run")
        whole = self.train(config)
        log = os.path.join(folder, "log.txt")
        for earlier, (ranks, target) in enumerate(((None, 0), (2, "mpirun"), (2, 1))):
            job = Job(self, config, folder, ranks)
            begun = until(lambda: steps_told(folder) == 5 and content(log).count("resumed from") == earlier, 30)
            self.assertTrue(begun, content(log))
            time.sleep(0.2)
            cause = "rank 1: SIGUSR1" if target == 1 else "SIGUSR1"
            self.assertEqual(self.stop(job, signal.SIGUSR1, target, folder, REQUEUE, cause), 5)
            self.assertNotIn('"kind": "eval"', content(os.path.join(folder, "metrics.jsonl")), "the signal came too late")
        job = Job(self, config, folder, 2)
        self.assertEqual(job.finish(), 0, job.stderr)
        self.same_story(folder, whole)
        job = Job(self, config, folder)
        self.assertEqual(job.finish(), 0, job.stderr)
        self.assertIn("final.h5: already complete", job.stdout)

    def before_the_first_step(self, text, ranks, wait=0.0):
        folder = self.path(f"early{ranks}{wait}")
        job = Job(self, self.write("config.yaml", text), folder, ranks)
        started = lambda: len(job.members()) == (ranks or 1) and all(catches(p, signal.SIGTERM) for p in job.members())
        self.assertTrue(until(started, 30))
        time.sleep(wait)
        os.kill(job.members()[-1], signal.SIGTERM)
        self.assertEqual(job.finish(), REQUEUE, job.stdout + job.stderr)
        cause = "SIGTERM" if (ranks or 1) == 1 else f"rank {ranks - 1}: SIGTERM"
        self.assertEqual(job.stdout.splitlines()[-1],
                         f"{cause} before the first step: nothing to save; start again with --resume auto")
        self.assertEqual(harness.error_lines(job.stderr), [])
        self.assertFalse(os.path.exists(os.path.join(folder, "checkpoints", "last.h5")))

    def test_while_data_are_loaded(self):
        for ranks in (None, 2):
            text = CONFIG.replace("20x20:6:3840", "4x4:6:3000000").replace("20", "4").replace("conv2d: {out: 16, kernel: 5}, ", "")
            self.before_the_first_step(text, ranks)

    def test_without_epochs(self):
        text = CONFIG.replace("epochs: 8", "epochs: 0").replace("20x20:6:500", "20x20:6:40000")
        text = text.replace("conv2d: {out: 16, kernel: 5}", "linear: 2048, relu, linear: 2048")
        self.before_the_first_step(text, 2, 1.0)

    def test_console_that_goes_away(self):
        """The run's output is no longer read (head, a terminal that was closed): that is no reason to end. An mpirun whose own
        output is not read ends the job by itself."""
        config, folder = self.write("config.yaml", CONFIG), self.path("run")
        job = Job(self, config, folder)
        job.process.stdout.readline()
        job.process.stdout.close()
        job.process.stdout = None
        self.assertTrue(until(lambda: steps_told(folder) > 1, 30), content(os.path.join(folder, "log.txt")))
        self.assertLess(steps_told(folder), 300, "the run was over before")
        self.assertEqual(job.finish(), 0, job.stderr)
        self.assertEqual([len(self.of_kind(folder, kind)) for kind in ("step", "epoch", "done")], [480, 8, 1])
        self.assertEqual(content(os.path.join(folder, "log.txt")).count("epoch 8/8"), 1)
        self.assertTrue(os.path.exists(os.path.join(folder, "checkpoints", "final.h5")))

    def test_a_second_interrupt_does_not_wait(self):
        text = CONFIG.replace("20x20:6:3840", "20x20:6:64000").replace("batch: 64", "batch: 64000, accumulate: 500")
        text = text.replace("out: 16", "out: 256")
        folder = self.path("run")
        job = Job(self, self.write("config.yaml", text), folder, None)
        self.assertTrue(until(lambda: '"kind": "start"' in content(os.path.join(folder, "metrics.jsonl")), 30))
        time.sleep(0.2)
        os.kill(job.process.pid, signal.SIGINT)
        time.sleep(0.3)
        self.assertIsNone(job.process.poll(), "the step was too short for this test")
        os.kill(job.process.pid, signal.SIGINT)
        self.assertEqual(job.finish(), INTERRUPTED)
        self.assertNotIn("saved", job.stdout)
        self.assertEqual(steps_told(folder), 0)


if __name__ == "__main__":
    unittest.main()
