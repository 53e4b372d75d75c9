"""Several hosts with TCP between them: the same bits as on one, also when hosts are lost on the way."""
# label: hosts
import json
import os
import pathlib
import re
import socket
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
import harness  # noqa: E402
import hosts as simulated  # noqa: E402
from processes import content, until  # noqa: E402

# Several buckets of gradients; a last batch that leaves most virtual ranks nothing; metrics of more than one kind.
CONFIG = """
run: {name: hosts, seed: 3}
data: {train: "synthetic:2x12x12:5:500", val: "synthetic:2x12x12:5:77", normalize: none}
model:
  input: [2, 12, 12]
  layers:
    - conv2d: {out: 6, kernel: 3, padding: 1}
    - relu
    - maxpool2d: 2
    - dropout: 0.25
    - linear: 1000
    - relu
    - linear: 70
    - relu
    - linear: 5
train: {epochs: 2, batch: 48, virtual_ranks: 8}
optim: {name: adam, lr: 0.003, weight_decay: 1.0e-3}
schedule: {name: cosine, warmup_epochs: 1}
metrics: {top_k: 3}
log: {every_steps: 1}
"""


@unittest.skipIf(simulated.unavailable(), simulated.unavailable())
class Case(harness.Case):
    number = 2

    def setUp(self):
        super().setUp()
        self.hosts = simulated.Hosts(self.number)
        self.addCleanup(self.hosts.close)
        self.config = self.write("config.yaml", CONFIG)

    def on(self, ranks, arguments, timeout=60):
        done = self.hosts.finish(self.hosts.mpirun(ranks, arguments), timeout)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def clean(self):
        """Nothing is left of a job, in no host."""
        for name in self.hosts.names:
            self.assertEqual(self.hosts.pids(name), [], name)
            self.assertEqual(self.hosts.shared_memory(name), [], name)


class Simulation(Case):
    """The hosts themselves: apart from each other, joined by cables that can be pulled."""
    number = 3
    ANSWER = "import socket; s = socket.create_server(('', 2222)); print('up', flush=True); s.accept()[0].sendall(socket.gethostname().encode())"
    ASK = "import socket, sys; s = socket.create_connection((sys.argv[1], 2222), 1); print(s.recv(10).decode())"

    def python(self, name, script, *arguments):
        return self.hosts.start_in(name, [sys.executable, "-c", script, *arguments])

    def test_apart(self):
        self.assertNotIn(socket.gethostname(), self.hosts.names)
        for name in self.hosts.names:
            script = "import os, socket; print(socket.gethostname(), os.listdir('/dev/shm')); open('/dev/shm/mine', 'w')"
            self.assertEqual(self.hosts.finish(self.python(name, script)).stdout, f"{name} []\n")
        for name in self.hosts.names:
            self.assertEqual(self.hosts.shared_memory(name), ["mine"])
        self.assertFalse(os.path.exists("/dev/shm/mine"))

    def ask(self, asker, name):
        with self.python(name, self.ANSWER) as server:
            server.stdout.readline()
            answer = self.hosts.finish(self.python(asker, self.ASK, name))
            server.kill()
        return answer.stdout.strip()

    def test_cable(self):
        self.assertEqual(self.ask("n1", "n2"), "n2")
        self.hosts.cut("n2")
        self.assertEqual(self.ask("n1", "n2"), "")
        self.assertEqual(self.ask("n2", "n3"), "")
        self.assertEqual(self.ask("n1", "n3"), "n3")
        self.hosts.mend("n2")
        self.assertEqual(self.ask("n1", "n2"), "n2")

    def test_death(self):
        sleepers = {name: self.hosts.start_in(name, ["sleep", "60"]) for name in self.hosts.names}
        self.hosts.kill_host("n2")
        self.assertEqual(sleepers["n2"].wait(5), -9)
        self.assertEqual([len(self.hosts.pids(name)) for name in self.hosts.names], [1, 0, 1])
        self.hosts.power_off("n3")
        self.assertEqual(sleepers["n3"].wait(5), -9)
        self.hosts.start("n3")
        self.assertEqual(self.ask("n1", "n3"), "n3")
        self.hosts.close()
        self.assertEqual(sleepers["n1"].wait(5), -9)
        self.assertFalse(os.path.exists(self.hosts.folder))
        for sleeper in sleepers.values():
            sleeper.communicate()


class SameBits(Case):
    number = 3
    WAYS = {"4 ranks on 2 nodes": {"n1": 2, "n2": 2}, "5 ranks on 3 nodes": {"n1": 3, "n2": 1, "n3": 1}}

    def outcome(self, folder):
        """All that a run leaves behind, times and places left out."""
        with open(os.path.join(folder, "metrics.jsonl")) as f:
            lines = [json.loads(line) for line in f]
        with open(os.path.join(folder, "report.json")) as f:
            report = json.load(f)
        final = os.path.join(folder, "checkpoints", "final.h5")
        arrays = {g: {k: v.tobytes() for k, v in harness.tensors(final, g).items()} for g in ("model", "optim")}
        figures = [{k: line[k] for k in harness.FIGURES if k in line} for line in lines if line["kind"] in ("step", "epoch", "eval")]
        return {"hash": [line["weights_hash"] for line in lines if line["kind"] == "done"], "figures": figures, "arrays": arrays,
                "metrics": report["metrics"], "confusion": report["confusion"]}

    def test_training(self):
        self.train(self.config, 4)
        plain = self.outcome(self.path("run1"))
        self.assertTrue(all(plain.values()), "an empty outcome proves nothing")
        self.assertGreater(sum(len(a) for a in plain["arrays"]["model"].values()), 3 * 65536 * 4, "one bucket only")
        for i, (words, ranks) in enumerate(self.WAYS.items()):
            with self.subTest(words):
                folder = self.path(f"hosts{i}")
                self.assertIn(words, self.on(ranks, ["train", self.config, "-o", folder]))
                self.assertEqual(self.outcome(folder), plain)
        self.clean()

    def test_evaluation_and_prediction(self):
        final = self.train(self.config, 2, ["--train.epochs=1"]).final

        def files(folder, run):
            os.mkdir(self.path(folder))
            names = [os.path.join(self.path(folder), name) for name in ("scores.json", "predictions.h5")]
            run(["eval", final, "--data", "synthetic:2x12x12:5:313", "--json", names[0]])
            run(["predict", final, "--data", "synthetic:2x12x12:5:313", "--out", names[1]])
            return [pathlib.Path(name).read_bytes() for name in names]

        plain = files("plain", lambda arguments: self.assertEqual(harness.run(arguments, 2).returncode, 0))
        for i, (words, ranks) in enumerate(self.WAYS.items()):
            with self.subTest(words):
                self.assertEqual(files(f"hosts{i}", lambda arguments, r=ranks: self.on(r, arguments)), plain)


class LostHosts(Case):
    """run-elastic.sh on n1 ends the job that has lost a host, and goes on with the others, to the same weights."""
    number = 3
    SCRIPT = os.path.join(harness.SOURCE, "launch", "run-elastic.sh")
    FLAGS = ["--data.train=synthetic:2x12x12:5:1440", "--checkpoint.every_steps=8"]  # 2 epochs of 30 steps
    plain = None

    def steps(self):
        lines = [json.loads(line) for line in content(self.path("run/metrics.jsonl")).splitlines() if line.endswith("}")]
        return [line["step"] for line in lines if line["kind"] == "step"]

    def lose(self, place, strike, ended, options=(), flags=(), within=20):
        """Starts on the hosts of `place`, strikes, and looks whether the first start ended as expected, in time."""
        plain = LostHosts.plain = LostHosts.plain or self.train(self.config, 2, self.FLAGS)
        line = [self.SCRIPT, "--program", harness.PROGRAM, "--hosts", place, "--probe-timeout", "1", *options, "--", "train", self.config,
                "-o", self.path("run"), *self.FLAGS, *flags]
        with open(self.path("said"), "w") as out:
            script = self.hosts.start_in("n1", line, env=self.hosts.environment({"TMPDIR": self.hosts.folder}), stdout=out, stderr=out)
        self.assertTrue(until(lambda: self.steps()[-1:] > [8], 40), "step 8 was never reached")
        strike()
        struck = time.monotonic()
        first = "(?m)^run-elastic: start 1 ended after .*$"
        self.assertTrue(until(lambda: re.search(first, content(self.path("said"))), within), content(self.path("said")))
        print(f"{self.id().split('.')[-1]}: the job of the lost host ended after {time.monotonic() - struck:.1f} s")
        self.hosts.finish(script)
        said = content(self.path("said"))
        self.assertEqual(script.returncode, 0, said)
        self.assertIn(ended, re.search(first, said).group())
        self.assertRegex(said, r"run-elastic: +2 +3 +0 .* done")
        lines = [json.loads(line) for line in content(self.path("run/metrics.jsonl")).splitlines()]
        self.assertEqual([line["weights_hash"] for line in lines if line["kind"] == "done"], [plain.done["weights_hash"]])
        self.assertEqual(self.steps(), [line["step"] for line in plain.of_kind("step")])
        return said

    def test_dead_host(self):
        """The host of rank 0."""
        said = self.lose("n2:1,n1:2,n3:1", lambda: self.hosts.kill_host("n2"), "a host was lost", within=10)
        self.assertIn("host n2 does not answer", said)

    def test_cut_cable(self):
        """Rank 0 is cut off. The kernel asks for the other end, as Open MPI is told to have it do; ranks end on both sides."""
        self.lose("n3:1,n1:2,n2:1", lambda: self.hosts.cut("n3"), "a host was lost", ["--link-timeout", "4"])
        self.assertTrue(until(lambda: not any(map(self.hosts.pids, self.hosts.names)), 2), "a process is left")
        for name in self.hosts.names:
            for folder, _, names in os.walk(f"/proc/{self.hosts.pid(name)}/root/dev/shm"):
                self.assertEqual(names, [], f"{name}:{folder}")

    def test_cut_cable_and_watchdog(self):
        """The watchdogs end the ranks first, as they do with the defaults; mpirun waits for the lost host forever, and has to be ended."""
        self.lose("n1:2,n2:1,n3:1", lambda: self.hosts.cut("n3"), "mpirun hangs", ["--link-timeout", "600"], ["--sync.death_timeout=3"])


if __name__ == "__main__":
    unittest.main()
