"""data.store: cluster over several hosts: a set that is several times larger than what each of them holds; a link that is cut."""
# label: hosts
import json
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
import harness  # noqa: E402
import hosts as simulated  # noqa: E402
from processes import content, until  # noqa: E402

CONFIG = """
data: {{train: "synthetic:1x100x100:4:{samples}", normalize: unit, store: cluster}}
model: {{layers: [{{linear: 4}}]}}
train: {{epochs: {epochs}, batch: 100}}
checkpoint: {{every_steps: 20}}
log: {{every_steps: 1}}
sync: {{timeout: 2}}
"""


@unittest.skipIf(simulated.unavailable(), simulated.unavailable())
class Stores(harness.Case):
    def done(self, folder):
        with open(os.path.join(folder, "metrics.jsonl"), encoding="utf-8") as file:
            return json.loads(file.readlines()[-1])

    def train_on(self, hosts, place, config, *flags, name="run"):
        process = hosts.finish(hosts.mpirun(place, ["train", config, "-o", self.path(name), *flags]), 120)
        self.assertEqual(process.returncode, 0, process.stdout + process.stderr)
        return self.done(self.path(name))

    def test_a_set_beyond_the_memory_of_a_host(self):
        samples, hosts = 30000, simulated.Hosts(5)
        self.addCleanup(hosts.close)
        config = self.write("config.yaml", CONFIG.format(samples=samples, epochs=1))
        done = self.train_on(hosts, {name: 1 for name in hosts.names}, config)
        print(f"cluster: a set of {samples * 40000 / 1e6:.0f} MB, at most {done['peak_bytes'] / 1e6:.0f} MB on a host")
        self.assertGreater(samples * 40000, 4 * done["peak_bytes"])
        node = self.train(config, 1, ["--data.store=node"])
        self.assertEqual(done["weights_hash"], node.done["weights_hash"])

    def test_a_link_that_is_cut(self):
        hosts = simulated.Hosts(3)
        self.addCleanup(hosts.close)
        config = self.write("config.yaml", CONFIG.format(samples=3000, epochs=8))
        whole = self.train(config, 2, ["--data.store=node"])
        with open(self.path("stderr"), "w", encoding="utf-8") as errors:
            job = hosts.mpirun({"n1": 1, "n2": 2, "n3": 1}, ["train", config, "-o", self.path("run")], stdout=errors, stderr=errors)
        self.assertTrue(until(lambda: content(self.path("run/metrics.jsonl")).count('"kind": "step"') > 30, 30), content(self.path("stderr")))
        hosts.cut("n3")
        ranks = lambda: [pid for name in hosts.names for pid in hosts.pids(name) if "ddp_train" in content(f"/proc/{pid}/comm")]  # noqa: E731
        self.assertTrue(until(lambda: not ranks(), 10), "a rank is left")
        job.kill()
        job.wait()
        self.assertIn("wait for other nodes", content(self.path("stderr")))
        self.assertLess(content(self.path("run/metrics.jsonl")).count('"kind": "step"'), 240)
        resumed = self.train_on(hosts, {"n1": 2, "n2": 1}, config, "--resume", "auto")
        self.assertEqual(resumed["weights_hash"], whole.done["weights_hash"])


if __name__ == "__main__":
    unittest.main()
