"""The C tests that compare with PyTorch and scikit-learn, once more with what the installed versions of these compute now, from
other random numbers than the committed cases.
"""
import importlib.util
import os
import subprocess
import sys
import tempfile
import unittest

SOURCE = os.environ["DDP_SOURCE_DIR"]
TESTS = os.path.join(os.path.dirname(os.environ["DDP_TRAIN_BIN"]), "tests")
PROGRAMS = ["nn_test_reference", "nn_test_activations", "nn_test_convolutions", "nn_test_spatial", "nn_test_norms",
            "nn_test_losses", "nn_test_scores", "optim_test_optimizers", "optim_test_schedules", "app_test_report"]
MISSING = [name for name in ("torch", "sklearn") if importlib.util.find_spec(name) is None]


@unittest.skipIf(MISSING, f"not installed: {', '.join(MISSING)}")
class LiveReferences(unittest.TestCase):
    def check(self, seed):
        with tempfile.TemporaryDirectory() as root:
            folder = os.path.join(root, "tests", "reference")
            os.makedirs(folder)
            subprocess.run([sys.executable, "-B", os.path.join(SOURCE, "tests", "reference", "make_cases.py"), folder, str(seed)],
                           check=True)
            committed = {f for f in os.listdir(os.path.join(SOURCE, "tests", "reference")) if f.endswith(".txt")}
            self.assertEqual(set(os.listdir(folder)), committed)
            for program in PROGRAMS:
                done = subprocess.run([os.path.join(TESTS, program)], env={**os.environ, "DDP_SOURCE_DIR": root},
                                      capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, f"{program}, seed {seed}:\n{done.stderr[-2000:]}")

    def test_first_seed(self):
        self.check(1)

    def test_second_seed(self):
        self.check(2)


if __name__ == "__main__":
    unittest.main()
