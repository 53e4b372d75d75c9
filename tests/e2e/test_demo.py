"""The built-in demo: what a bare start does, and that the data set tells a network from a linear model."""
import json
import os
import unittest

import harness


class Demo(harness.Case):
    def test_a_bare_start_runs_the_demo_and_says_how_to_go_on(self):
        process = harness.run([], 8, cwd=self.folder)
        self.assertEqual(process.returncode, 0, process.stderr)
        self.assertIn("ddp_train init", process.stdout.splitlines()[0])
        self.assertIn("true \\ predicted", process.stdout)
        (run,) = os.listdir(self.path("runs"))
        with open(os.path.join(self.path("runs"), run, "metrics.jsonl")) as f:
            done = json.loads(f.readlines()[-1])
        self.assertEqual(done["kind"], "done")
        self.assertGreater(done["accuracy"], 0.97)

    def test_a_linear_model_stays_behind(self):
        config = self.write("linear.yaml", """
data: {train: "demo:train", val: "demo:test"}
model:
  layers:
    - linear: 10
train: {epochs: 6, batch: 128}
optim: {name: sgd, lr: 0.02, momentum: 0.9}
schedule: {name: onecycle}
""")
        accuracy = self.train(config, 2).done["accuracy"]
        self.assertGreater(accuracy, 0.5)  # it does learn
        self.assertLess(accuracy, 0.92)


if __name__ == "__main__":
    unittest.main()
