"""Ranks that hang, die or lose their launcher: the job ends in the set time, says who it was, and leaves nothing behind.

Each job has folders of its own for the files of Open MPI, so that what others leave or make at the same time is not seen.
"""
# processors: 2
import fcntl
import json
import os
import re
import signal
import subprocess
import time
import unittest

import h5py
import numpy as np

import harness
from processes import alive, children, content, runs, stat, until

WATCHDOG = 86
TIMEOUT = 1.5  # sync.timeout of these jobs
SLACK = 4  # seconds: mpirun takes one or two to end a job

CONFIG = """
data: {train: "synthetic:1x12x12:4:2000", normalize: none}
model: {input: [1, 12, 12], layers: [conv2d: {out: 4, kernel: 3}, relu, linear: 4]}
train: {epochs: 100000, batch: 48, virtual_ranks: 4}
log: {every_steps: 1}
checkpoint: {every_epochs: 0}
"""


class Job:
    """A training that runs until something happens to it."""

    def __init__(self, case, ranks, flags=(), timeout=TIMEOUT, config=CONFIG):
        self.case = case
        self.tmp, self.memory = case.path("tmp"), case.path("memory")
        os.mkdir(self.tmp)
        os.mkdir(self.memory)
        environment = {**harness.environment(), "TMPDIR": self.tmp, "OMPI_MCA_orte_tmpdir_base": self.tmp,
                       "OMPI_MCA_btl_vader_backing_directory": self.memory, "OMPI_MCA_osc_sm_backing_directory": self.memory}
        self.stderr = open(case.path("stderr"), "w")
        arguments = ["train", case.write("config.yaml", config), "-o", case.path("run"), f"--sync.timeout={timeout}", *flags]
        self.process = subprocess.Popen(harness.command(arguments, ranks), env=environment, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=self.stderr)
        case.addCleanup(self.end)
        case.assertTrue(until(lambda: '"step"' in content(case.path("run/metrics.jsonl")), 30), self.text())
        self.family = children(self.process.pid)
        programs = {p for p in self.family if runs(p, harness.PROGRAM)}
        self.readers = {p: parent for p in programs if (parent := int(stat(p)[1])) in programs}  # of HDF5 files, and their ranks
        self.ranks = sorted(programs - set(self.readers))
        case.assertEqual(len(self.ranks), ranks)

    def end(self):
        for pid in [self.process.pid] * (self.process.poll() is None) + [p for p in self.family if alive(p)]:
            os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.stderr.close()

    def hit(self, number, *victims):
        self.start = time.monotonic()
        for pid in victims:
            os.kill(pid, number)

    def text(self):
        return content(self.case.path("stderr"))

    def steps(self):
        return content(self.case.path("run/metrics.jsonl")).count('"step"')

    def left(self):
        """Files of Open MPI."""
        return [os.path.join(*where) for top in (self.tmp, self.memory) for folder, folders, files in os.walk(top)
                for where in [(folder, name) for name in folders + files]]

    def ends_within(self, seconds):
        """Exit code; nothing may be left."""
        self.process.wait(timeout=max(0.1, seconds - (time.monotonic() - self.start)))
        took = time.monotonic() - self.start
        gone = until(lambda: not any(map(alive, self.family)), max(0.1, seconds - took))
        print(f"{self.case.id()}: {took:.1f} s, all gone after {time.monotonic() - self.start:.1f} s, code {self.process.returncode}")
        self.case.assertTrue(gone, "a process is left")
        self.case.assertEqual(self.left(), [])
        return self.process.returncode


class Hangs(harness.Case):
    def stop(self, ranks, victim, flags=()):
        job = Job(self, ranks, flags)
        job.hit(signal.SIGSTOP, job.ranks[victim])
        self.assertEqual(job.ends_within(TIMEOUT + SLACK), WATCHDOG)
        self.assertGreater(time.monotonic() - job.start, TIMEOUT)
        text = job.text()
        rank = range(ranks)[victim]
        self.assertRegex(text, rf"\n  rank {rank} \(host \S+, pid {job.ranks[victim]}\): \d+ steps done, .*stopped \(state T\)\n")
        self.assertEqual(text.count("stopped"), 1)
        return text

    def test_last_of_two(self):
        text = self.stop(2, -1)
        self.assertRegex(text, rf"error: no progress for 1.5 s \(sync.timeout\): 1 of 2 ranks on host \S+ did not finish")
        self.assertRegex(text, r"\n  rank 0 waits for (rank 1|all ranks) ")  # in an exchange or a collective call
        self.assertEqual(len(harness.error_lines(text)), 1)

    def test_first_of_four(self):
        text = self.stop(4, 0)
        self.assertRegex(text, r"\n  ranks? [1-3](-[23])? waits? for (rank 0|all ranks) ")
        self.assertEqual(len(harness.error_lines(text)), 1)

    def test_across_nodes(self):
        """Each node's ranks are all that its watchdogs see; the other one can say whose messages are missing."""
        text = self.stop(4, 3, ["--sync.ranks_per_node=2"])
        lines = harness.error_lines(text)
        self.assertIn("did not finish", lines[0], "the node of the hanging rank has the first word")
        self.assertLessEqual(len(lines), 2)
        for line in lines[1:]:  # unless the job was over before
            self.assertIn("the ranks of node 0 (host ", line)
            self.assertRegex(text, r"\n  ranks? [01](-1)? waits? for messages of node 1 ")

    def test_reference_method(self):
        self.stop(2, 0, ["--sync.method=allreduce"])

    def test_reader(self):
        """A disk that hangs: the process that reads for a rank answers no more."""
        data = self.path("data.h5")
        with h5py.File(data, "w") as file:
            file.create_dataset("x", data=np.random.default_rng(1).normal(size=(40000, 144)).astype("f4").reshape(-1, 12, 12), chunks=(50, 12, 12))
            file.create_dataset("y", data=np.arange(40000) % 4)
        config = CONFIG.replace('"synthetic:1x12x12:4:2000"', f"{data}, store: window, block: 50, window: 500")
        job = Job(self, 2, config=config)
        victims = [p for p, rank in job.readers.items() if rank == job.ranks[1]]
        self.assertTrue(victims)
        job.hit(signal.SIGSTOP, *victims)
        self.assertEqual(job.ends_within(TIMEOUT + SLACK), WATCHDOG)
        text = job.text()
        self.assertRegex(text, rf"\n  rank 1 \(host \S+, pid {job.ranks[1]}\): \d+ steps done, reading samples")
        self.assertRegex(text, r"\n  rank 0 waits for rank 1 ")
        self.assertEqual(len(harness.error_lines(text)), 1)

    def test_blocked_output(self):
        """A process alone, whose standard output is not read: slow writing has patience, but no endless one."""
        reader, writer = os.pipe()
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
        start = time.monotonic()
        os.mkdir(self.path("tmp"))
        own = {"TMPDIR": self.path("tmp"), "OMPI_MCA_orte_tmpdir_base": self.path("tmp")}
        process = subprocess.Popen(
            harness.command(["train", self.write("config.yaml", CONFIG), "-o", self.path("run"), "--sync.timeout=0.3"]),
            env={**harness.environment(), **own}, stdin=subprocess.DEVNULL, stdout=writer, stderr=subprocess.PIPE, text=True)
        os.close(writer)
        text = process.communicate(timeout=60)[1]
        os.close(reader)
        self.assertEqual(process.returncode, WATCHDOG)
        self.assertGreater(time.monotonic() - start, 3)
        self.assertIn("no progress for 3 s (10 times sync.timeout): 1 of 1 rank ", text)
        self.assertIn("writing progress and metrics", text)
        self.assertEqual(os.listdir(self.path("tmp")), [])


class Lives(harness.Case):
    def test_suspended_job(self):
        """A job of which all was stopped for longer than the timeout goes on."""
        job = Job(self, 2)
        job.hit(signal.SIGSTOP, *job.ranks)
        self.assertTrue(until(lambda: all(stat(p)[0] == "T" for p in job.ranks), 5))
        time.sleep(2 * TIMEOUT)
        steps = job.steps()
        job.hit(signal.SIGCONT, *job.ranks)
        self.assertTrue(until(lambda: job.steps() > steps + 20, 10), job.text())

    def test_slow_evaluation(self):
        """Each of its passes is short, all of them take longer than the patience for one."""
        config = self.write("config.yaml", CONFIG.replace("data: {", 'data: {val: "synthetic:1x12x12:4:100000", ').replace(
            "relu, ", "relu, conv2d: {out: 64, kernel: 3}, conv2d: {out: 64, kernel: 3}, conv2d: {out: 64, kernel: 3}, ", 1))
        start = time.monotonic()
        self.train(config, None, ["--sync.timeout=0.15", "--train.epochs=0"])
        self.assertGreater(time.monotonic() - start, 2)  # ten times the timeout, and the time to start


class Slow(harness.Case):
    def test_straggler(self):
        """A rank that is stopped most of the time, again and again, is named, and stands in the metrics."""
        config = CONFIG.replace("conv2d: {out: 4, kernel: 3}", "conv2d: {out: 64, kernel: 3}")
        job = Job(self, 2, timeout=10, config=config)
        named = f"warning: rank 1 on host {os.uname().nodename} keeps the others waiting: "
        for number in [signal.SIGSTOP, signal.SIGCONT] * 400:
            job.hit(number, job.ranks[1])
            time.sleep(0.015 if number == signal.SIGSTOP else 0.005)
            if named in job.text():
                break
        job.hit(signal.SIGCONT, job.ranks[1])  # lines that follow show that the one of the epoch is complete
        self.assertIn(named, job.text())

        def epochs():  # the last line may not be complete
            lines = content(self.path("run/metrics.jsonl")).splitlines()[:-1]
            return [line for line in map(json.loads, lines) if line["kind"] == "epoch"]

        self.assertTrue(until(lambda: [e for e in epochs() if e["slowest_rank"] == 1 and
                                       e["rank_ms_max"] > 1.2 * e["rank_ms_median"]], 10))
        self.assertEqual([e for e in epochs() if not 0 < e["rank_ms_min"] == e["rank_ms_median"] <= e["rank_ms_max"]], [])


class Deaths(harness.Case):
    def kill(self, ranks, victim, flags=()):
        job = Job(self, ranks, flags)
        job.hit(signal.SIGKILL, job.ranks[victim])
        self.assertNotEqual(job.ends_within(5), 0)
        self.assertRegex(job.text(), rf"error: rank {range(ranks)[victim]} \(host \S+, pid {job.ranks[victim]}\) died; last step \d+")

    def test_first_of_two(self):
        self.kill(2, 0)

    def test_last_of_four(self):
        self.kill(4, -1)

    def test_across_nodes(self):
        self.kill(3, 1, ["--sync.ranks_per_node=2"])

    def test_launcher(self):
        for ranks in (2, 4):
            with self.subTest(ranks=ranks):
                self.setUp()
                job = Job(self, ranks)
                job.hit(signal.SIGKILL, job.process.pid)
                self.assertEqual(job.ends_within(5), -signal.SIGKILL)

    def test_launcher_of_a_stopped_rank(self):
        job = Job(self, 2, timeout=300)
        job.hit(signal.SIGSTOP, job.ranks[1])
        job.hit(signal.SIGKILL, job.process.pid)
        job.ends_within(5)

    def test_everything_at_once(self):
        """No process is left to tidy up: no shared memory may stay; the launcher's folder must."""
        job = Job(self, 2)
        job.hit(signal.SIGKILL, job.process.pid, *job.ranks)
        job.process.wait()
        self.assertTrue(until(lambda: not any(map(alive, job.family)), 5))
        self.assertEqual(os.listdir(job.memory), [])

    def test_end(self):
        """Nor after a run that ends by itself, which says nothing about files that are not there."""
        job = Job(self, 2, ["--train.epochs=40"])
        job.start = time.monotonic()
        self.assertEqual(job.ends_within(60), 0)
        self.assertEqual(re.sub(r"warning: .*\n", "", job.text()), "")


if __name__ == "__main__":
    unittest.main()
