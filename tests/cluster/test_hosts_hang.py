"""Hosts that are cut off, die or hang: the ranks of all hosts end in the set time and say for whom they waited."""
# label: hosts
import json
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
from test_hangs import CONFIG  # noqa: E402

TIMEOUT = 2  # sync.timeout of the jobs that hang
DEATH = 3  # sync.death_timeout of those that lose a host
SLACK = 4


@unittest.skipIf(simulated.unavailable(), simulated.unavailable())
class Case(harness.Case):
    place = {}

    def setUp(self):
        super().setUp()
        self.hosts = simulated.Hosts(len(self.place))
        self.addCleanup(self.hosts.close)

    def ranks(self, host):
        return sorted(p for p in self.hosts.pids(host) if runs(p, harness.PROGRAM))

    def start(self, *flags):
        arguments = ["train", self.write("config.yaml", CONFIG), "-o", self.path("run"), *flags]
        self.stderr = open(self.path("stderr"), "w")
        self.addCleanup(self.stderr.close)
        self.job = self.hosts.mpirun(self.place, arguments, stdout=self.stderr, stderr=self.stderr)
        self.addCleanup(self.end)
        self.assertTrue(until(lambda: '"step"' in content(self.path("run/metrics.jsonl")), 30), content(self.path("stderr")))
        self.assertEqual({host: len(self.ranks(host)) for host in self.hosts.names}, self.place)

    def end(self):
        if self.job.poll() is None:
            self.job.kill()
        self.job.wait()

    def steps(self):
        lines = [line for line in content(self.path("run/metrics.jsonl")).splitlines()[:-1] if '"kind": "step"' in line]
        return json.loads(lines[-1])["step"] if lines else 0

    def all_end(self, seconds):
        """Those of both sides, each by itself: the launcher may hang."""
        start = time.monotonic()
        self.assertTrue(until(lambda: not any(self.ranks(host) for host in self.hosts.names), seconds), "a rank is left")
        print(f"{self.id()}: {time.monotonic() - start:.1f} s")
        self.assertEqual([self.hosts.shared_memory(host) for host in self.hosts.names], [[] for _ in self.hosts.names])
        return content(self.path("stderr"))


class Hangs(Case):
    place = {"n1": 2, "n2": 2}

    def start(self):
        super().start(f"--sync.timeout={TIMEOUT}")

    def all_end(self):
        return super().all_end(TIMEOUT + SLACK)

    def test_cut_cable(self):
        self.start()
        self.hosts.cut("n2")
        text = self.all_end()  # of the side of mpirun; what the other one says gets lost
        self.assertIn("no progress for 2 s (sync.timeout): the ranks of node 0 (host n1) wait for other nodes in step ", text)
        self.assertIn(" for messages of node 1 ", text)
        self.assertNotIn("died", text)

    def test_stopped_rank(self):
        self.start()
        victim = self.ranks("n2")[1]
        os.kill(victim, signal.SIGSTOP)
        text = self.all_end()
        self.assertEqual(self.job.wait(5), 86)
        self.assertRegex(text, rf"\n  rank 3 \(host n2, pid {victim}\): \d+ steps done, .*; its process is stopped \(state T\)\n")


class Vanishes(Case):
    """No process is notified that a host is gone, and sync.timeout is far away."""
    place = {"n1": 1, "n2": 1, "n3": 1, "n4": 1}  # n1 and n3 have no connection with each other

    def start(self):
        super().start("--sync.timeout=60", f"--sync.death_timeout={DEATH}")

    def test_cut_cable(self):
        self.start()
        self.hosts.cut("n3")
        text = self.all_end(DEATH + 2)
        self.assertRegex(text, r"(?m)^ddp_train: error: node 2 \(host n3\) has not answered for 2.25 s; last step \d+$")
        self.assertNotIn("closed its connection", text)
        self.assertNotIn("may be cut off", text)

    def test_cut_cable_of_the_launcher(self):
        """It is the same to the others; the one that is cut off sees that two do not answer."""
        self.start()
        self.hosts.cut("n1")
        text = self.all_end(DEATH + 2)
        self.assertRegex(text, r"error: node [13] \(host n[24]\) has not answered for 2.25 s, nor has host n[24]: host n1 may be cut off from the network; ")

    def test_dead_host(self):
        self.start()
        self.hosts.kill_host("n3")
        text = self.all_end(DEATH + 2)
        self.assertRegex(text, r"(?m)^ddp_train: error: node 2 \(host n3\) closed its connection: its ranks have ended; last step \d+$")

    def test_stopped_rank_is_not_dead(self):
        """Its machine answers. Nor does it accuse the others when it goes on, and the end of the run is silent."""
        self.start()
        victim = self.ranks("n2")[0]
        os.kill(victim, signal.SIGSTOP)
        time.sleep(DEATH + 2)
        step = self.steps()
        os.kill(victim, signal.SIGCONT)
        self.assertTrue(until(lambda: self.steps() > step + 5, 10), content(self.path("stderr")))
        os.kill(self.ranks("n4")[0], signal.SIGUSR1)
        self.assertEqual(self.job.wait(10), 75)
        text = content(self.path("stderr"))
        self.assertIn("saved ", text)
        self.assertNotIn("error", text)
        self.assertNotIn("firewall", text)


if __name__ == "__main__":
    unittest.main()
