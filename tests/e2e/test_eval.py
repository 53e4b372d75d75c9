"""A checkpoint says later what the run said: `eval` and `inspect` on final.h5, at any number of ranks."""
import re
import unittest

import harness

CONFIG = """
run: {name: eval, seed: 3}
data: {train: "synthetic:1x10x10:4:210", val: "synthetic:1x10x10:4:333", normalize: auto}
model:
  input: [1, 10, 10]
  layers:
    - conv2d: {out: 5, kernel: 3}
    - relu
    - dropout: 0.5
    - linear: 4
train: {epochs: 2, batch: 40}
"""


class Eval(harness.Case):
    def test_same_figures(self):
        run = self.train(self.write("config.yaml", CONFIG), 2)
        last = run.of_kind("eval")[-1]
        self.assertEqual(last["count"], 333)
        self.assertEqual(last["accuracy"], last["correct"] / last["count"])
        self.assertEqual(run.done["accuracy"], last["accuracy"])
        for ranks in (None, 1, 2, 3):
            with self.subTest(ranks=ranks):
                process = harness.run(["eval", run.final, "--data", "synthetic:1x10x10:4:333"], ranks)
                self.assertEqual(process.returncode, 0, process.stderr)
                said = re.search(r"accuracy ([0-9.]+) \((\d+) of (\d+)\), loss ([0-9.]+)", process.stdout)
                self.assertTrue(said, process.stdout)
                self.assertEqual((int(said[2]), int(said[3])), (last["correct"], last["count"]))
                self.assertEqual((said[1], said[4]), (f"{last['accuracy']:.4f}", f"{last['loss']:.6f}"))

    def test_inspect_prints_the_hash(self):
        run = self.train(self.write("config.yaml", CONFIG), 1)
        process = harness.run(["inspect", run.final])
        self.assertEqual(process.returncode, 0, process.stderr)
        self.assertIn(run.done["weights_hash"], process.stdout)

    def test_inspect_notices_a_changed_weight(self):
        import h5py
        run = self.train(self.write("config.yaml", CONFIG), 1)
        with h5py.File(run.final, "r+") as f:
            f["model/03.linear/bias"][0] += 1
        process = harness.run(["inspect", run.final])
        self.assertEqual(process.returncode, 3, process.stdout)
        self.assertEqual(len(harness.error_lines(process.stderr)), 1, process.stderr)


if __name__ == "__main__":
    unittest.main()
