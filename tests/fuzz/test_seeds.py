"""The files that fuzzing starts from still say something: one that its reader refuses at the door leads nowhere.

`WRITE_SEEDS=1 python3 test_seeds.py` writes the checkpoints again, after a change of their format.
"""
import os
import shutil
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
import harness  # noqa: E402

CORPUS = os.path.join(HERE, "corpus")
CHECKPOINTS = {
    "adam": """
data: {train: "synthetic:1x3x3:2:8", normalize: auto}
model: {layers: [{conv2d: {out: 1, kernel: 2}}, relu, {linear: 2}]}
train: {epochs: 1, batch: 4, virtual_ranks: 1}
optim: {name: adam}
""",
    "sgd": """
data: {train: "synthetic:4x1x1:2:8", normalize: none}
model: {layers: [{linear: 2}]}
train: {epochs: 1, batch: 4, virtual_ranks: 1}
optim: {name: sgd, lr: 0.1}
""",
}
SETS = ("compound", "filters", "groups", "images", "vectors")


class Seeds(harness.Case):
    def inspect(self, *parts):
        done = harness.run(["inspect", os.path.join(CORPUS, *parts)])
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    @unittest.skipUnless(os.environ.get("WRITE_SEEDS"), "only when asked for")
    def test_0_write(self):
        for name, config in CHECKPOINTS.items():
            shutil.copy(self.train(self.write("config.yaml", config)).final, os.path.join(CORPUS, "checkpoint", name))

    def test_checkpoints(self):
        for name, data in (("adam", "synthetic:1x3x3:2:8"), ("sgd", "synthetic:4x1x1:2:8")):
            self.assertIn("weights_hash", self.inspect("checkpoint", name))
            done = harness.run(["eval", os.path.join(CORPUS, "checkpoint", name), "--data", data])
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_sets(self):
        for name in SETS:
            self.assertRegex(self.inspect("h5_data", name), r"(images|x) +\w+ +\(")

    def test_weights(self):
        config = self.write("linear.yaml", 'data: {train: "synthetic:3x1x1:2:8", normalize: none}\nmodel: {layers: [linear: 2]}\n'
                                           "train: {epochs: 0, batch: 4, virtual_ranks: 1}\n")
        for name in ("archive/torch", "archive/torch-nested", "archive/npz", "archive/npz-packed", "archive/safetensors", "keras/older",
                     "keras/newer", "keras/chunks"):
            run = self.train(config, flags=["--init-from", os.path.join(CORPUS, name)])
            self.assertEqual(run.process.stdout.count(" loaded from "), 2, name)

    def test_configurations(self):
        for name in ("minimal", "every-kind", "graph", "blocks"):
            config = shutil.copy(os.path.join(CORPUS, "yaml", name), self.path(f"{name}.yaml"))
            done = harness.run(["check", "--print-config", config])
            self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
