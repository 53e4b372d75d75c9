"""Corners of the whole program: layouts, divergence in the last step, more ranks than virtual ranks, tiny sets, levels."""
import os
import unittest

import numpy as np

import harness

LINEAR = """
data: {{train: "{train}", val: "{val}"}}
model:
  layers:
    - linear: 10
train: {{epochs: {epochs}, batch: 64, virtual_ranks: 2}}
optim: {{name: sgd, lr: {lr}, weight_decay: {decay}}}
"""
DIVERGED, CONFIGURATION, DATA = 4, 2, 3


class Edges(harness.Case):
    def config(self, train="synthetic:1x28x28:10:64", val="synthetic:1x28x28:10:77", epochs=2, lr=0.1, decay=0):
        return self.write("config.yaml", LINEAR.format(train=train, val=val, epochs=epochs, lr=lr, decay=decay))

    def test_the_layout_of_the_evaluation_set_does_not_matter(self):
        import h5py
        random = np.random.RandomState(1)
        images, labels = random.randint(0, 256, (128, 3, 8, 8)).astype(np.uint8), random.randint(0, 10, 128)
        for name, x in (("images.h5", images), ("flat.h5", images.reshape(128, 192)), ("float.h5", images.astype(np.float32))):
            with h5py.File(self.path(name), "w") as f:
                f["images"], f["labels"] = x, labels
        train = self.path("images.h5")
        as_images = self.train(self.config(train, self.path("images.h5")), 2)
        as_rows = self.train(self.config(train, self.path("flat.h5")), 2)
        self.assertEqual(as_images.done["loss"], as_rows.done["loss"])
        for name in ("images.h5", "flat.h5"):
            process = harness.run(["eval", as_images.final, "--data", self.path(name)], 2)
            self.assertIn(f"accuracy {as_images.done['accuracy']:.4f}", process.stdout)
        # statistics of bytes mean nothing for floats
        process = harness.run(["eval", as_images.final, "--data", self.path("float.h5")], 2)
        self.assertEqual(process.returncode, DATA)
        self.assertIn("float32", harness.error_lines(process.stderr)[0])

    def test_divergence_in_the_last_step_leaves_the_healthy_checkpoints(self):
        # every step multiplies the weights by about -1e12: those after the fourth update are not finite
        config = self.config(epochs=4, lr=1e6, decay=1e6)
        process = harness.run(["train", config, "-o", self.path("run")], 2)
        self.assertEqual(process.returncode, DIVERGED, process.stderr)
        self.assertEqual(len(harness.error_lines(process.stderr)), 1, process.stderr)
        folder = self.path("run/checkpoints")
        self.assertNotIn("final.h5", os.listdir(folder))
        self.assertIsNotNone(harness.checkpoint_of_epoch(self.path("run"), 3))
        for name in os.listdir(folder):
            for tensor in harness.tensors(os.path.join(folder, name)).values():
                self.assertTrue(np.isfinite(tensor).all(), name)

    def test_more_ranks_than_virtual_ranks(self):
        config = self.config(train="synthetic:1x28x28:10:100")
        raised = self.train(config, 3)
        self.assertIn("using 3 virtual ranks", raised.process.stderr)
        self.assertIn("64 global = 3 virtual ranks x 21 or 22 samples; 21 or 22 per MPI rank", raised.process.stdout)
        chosen = self.train(config, 1, ["--train.virtual_ranks=3"])
        self.assertEqual(raised.done["weights_hash"], chosen.done["weights_hash"])
        process = harness.run(["eval", raised.final, "--data", "synthetic:1x28x28:10:77"], 2)
        self.assertIn(f"loss {raised.done['loss']:.6f}", process.stdout)

    def test_fewer_samples_than_ranks_to_evaluate_and_no_epoch(self):
        run = self.train(self.config(val="synthetic:1x28x28:10:2"), 3, ["--train.virtual_ranks=8"])
        self.assertEqual(run.of_kind("eval")[-1]["count"], 2)
        run = self.train(self.config(), 2, ["--train.epochs=0"])
        self.assertEqual(run.of_kind("eval")[-1]["count"], 77)
        self.assertTrue(os.path.exists(run.final))

    def test_instruction_set_levels_with_fused_multiply_add_agree(self):
        config = self.write("config.yaml", """
data: {train: "demo:test"}
model:
  layers: [{conv2d: {out: 5, kernel: 3, padding: 1, stride: 2}}, relu, {maxpool2d: 3}, {dropout: 0.3}, {conv2d: {out: 10, kernel: 4}}]
train: {epochs: 1, batch: 500, virtual_ranks: 4}
optim: {name: sgd, lr: 0.05, momentum: 0.9, nesterov: true}
""")
        hashes = {}
        for level in ("v3", "v4"):
            process = harness.run(["train", config, "-o", self.path(level), f"--run.isa={level}"], 2)
            if process.returncode == CONFIGURATION and "does not have the level" in process.stderr:
                self.skipTest(f"this CPU does not have {level}")
            self.assertEqual(process.returncode, 0, process.stderr)
            hashes[level] = process.stdout.split("weights hash ")[1].split()[0]
        self.assertEqual(hashes["v3"], hashes["v4"])


if __name__ == "__main__":
    unittest.main()
