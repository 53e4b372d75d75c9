"""A host whose cable is pulled, and one with a hanging rank: the ranks of all hosts end in the set time and say for whom they waited."""
# label: hosts
import os
import signal
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
import harness  # noqa: E402
import hosts as simulated  # noqa: E402
from processes import content, runs, until  # noqa: E402

TIMEOUT = 2
SLACK = 4

CONFIG = """
data: {train: "synthetic:1x12x12:4:2000", normalize: none}
model: {input: [1, 12, 12], layers: [conv2d: {out: 4, kernel: 3}, relu, linear: 4]}
train: {epochs: 100000, batch: 48, virtual_ranks: 4}
log: {every_steps: 1}
checkpoint: {every_epochs: 0}
"""


@unittest.skipIf(simulated.unavailable(), simulated.unavailable())
class Hangs(harness.Case):
    def setUp(self):
        super().setUp()
        self.hosts = simulated.Hosts(2)
        self.addCleanup(self.hosts.close)

    def ranks(self, host):
        return sorted(p for p in self.hosts.pids(host) if runs(p, harness.PROGRAM))

    def start(self):
        arguments = ["train", self.write("config.yaml", CONFIG), "-o", self.path("run"), f"--sync.timeout={TIMEOUT}"]
        self.stderr = open(self.path("stderr"), "w")
        self.addCleanup(self.stderr.close)
        self.job = self.hosts.mpirun({"n1": 2, "n2": 2}, arguments, stdout=self.stderr, stderr=self.stderr)
        self.addCleanup(self.end)
        self.assertTrue(until(lambda: '"step"' in content(self.path("run/metrics.jsonl")), 30), content(self.path("stderr")))
        self.assertEqual([len(self.ranks(host)) for host in self.hosts.names], [2, 2])

    def end(self):
        if self.job.poll() is None:
            self.job.kill()
        self.job.wait()

    def all_end(self):
        """Those of both sides, each by itself: the launcher may hang."""
        start = time.monotonic()
        self.assertTrue(until(lambda: not any(self.ranks(host) for host in self.hosts.names), TIMEOUT + SLACK), "a rank is left")
        print(f"{self.id()}: {time.monotonic() - start:.1f} s")
        self.assertEqual([self.hosts.shared_memory(host) for host in self.hosts.names], [[], []])
        return content(self.path("stderr"))

    def test_cut_cable(self):
        self.start()
        self.hosts.cut("n2")
        text = self.all_end()  # of the side of mpirun; what the other one says gets lost
        self.assertIn("nothing moved for 2 s (sync.timeout): the ranks of node 0 (host n1) wait for others in step ", text)
        self.assertIn(" for messages of node 1 ", text)
        self.assertNotIn("died", text)

    def test_stopped_rank(self):
        self.start()
        victim = self.ranks("n2")[1]
        os.kill(victim, signal.SIGSTOP)
        text = self.all_end()
        self.assertEqual(self.job.wait(5), 86)
        self.assertRegex(text, rf"\n  rank 3 \(host n2, pid {victim}\): \d+ steps done, .*; its process is stopped \(state T\)\n")


if __name__ == "__main__":
    unittest.main()
