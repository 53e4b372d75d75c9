"""The benchmark's tools still run: arithmetic, configurations that the program accepts, and a short measurement. Times are not judged."""
import importlib.util
import json
import os
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "e2e")]
import harness  # noqa: E402
import networks  # noqa: E402


class Tools(harness.Case):
    def test_arithmetic_of_the_tutorial(self):
        products = [6 * 25 * 24 * 24, 6 * 12 * 25 * 8 * 8, 192 * 120, 120 * 60, 60 * 10]
        self.assertEqual(networks.flops_per_sample("tutorial"), 2 * (3 * sum(products) - products[0]))

    def test_the_program_accepts_every_network(self):
        for name, (shape, _) in networks.NETWORKS.items():
            config = self.write(f"{name}.yaml", f'data: {{train: "synthetic:{"x".join(map(str, shape))}:10:64", normalize: none}}\n'
                                f"model:\n  layers:\n{networks.ddp_train_layers(name)}\ntrain: {{batch: 64}}\n")
            done = harness.run(["check", config])
            self.assertEqual(done.returncode, 0, f"{name}\n{done.stderr}")

    def test_a_short_measurement(self):
        figures = self.path("figures.json")
        done = subprocess.run([sys.executable, os.path.join(HERE, "bench.py"), "--scaling", "--networks", "tutorial", "--rounds", "1",
                               "--seconds", "0.1", "--json", figures], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env={**harness.environment(), "DDP_TRAIN_BIN": harness.PROGRAM}, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(figures) as f:
            row, = json.load(f)["rows"]
        self.assertEqual((row["network"], row["per_rank"], len(row["a"])), ("tutorial", 64, 1))
        self.assertGreater(row["ratio"], 0)

    def test_steps(self):
        done = subprocess.run([sys.executable, os.path.join(HERE, "steps.py"), "--rounds", "1", "--epochs", "1", "window"], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300,
                              env={**harness.environment(), "DDP_TRAIN_BIN": harness.PROGRAM})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([line.split("  ")[0] for line in done.stdout.splitlines()], ["step", "window 24"])

    @unittest.skipUnless(importlib.util.find_spec("torch"), "needs PyTorch")
    def test_convolutions(self):
        build = os.path.dirname(harness.PROGRAM)
        done = subprocess.run([sys.executable, os.path.join(HERE, "convolutions.py"), "--build", build, "--samples", "2", "--rounds", "1",
                               "conv1d 7"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        row = done.stdout.splitlines()[-1].split()
        self.assertEqual((row[0], row[-6]), ("conv1d", "2"))
        self.assertTrue(all(float(ratio) > 0 for ratio in row[-5:]))

    def test_loading(self):
        figures = self.path("loading.json")
        done = subprocess.run([sys.executable, os.path.join(HERE, "loading.py"), "--samples", "1280", "--networks", "tutorial", "--stores",
                               "window", "--rounds", "1", "--seconds", "0.1", "--folder", self.folder, "--json", figures],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=300,
                              env={**harness.environment(), "DDP_TRAIN_BIN": harness.PROGRAM})
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(figures) as f:
            result = json.load(f)
        self.assertEqual([row["file"] for row in result["waiting"]], ["raw", "gzip"])
        self.assertEqual(len(result["reading"]), 8)
        self.assertTrue(all(rate > 0 for row in result["reading"] for rate in row["rates"]))


if __name__ == "__main__":
    unittest.main()
