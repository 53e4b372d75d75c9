"""Residual configurations of launch/: what launch/README.md says they reach, and better than the ones without residual blocks."""
# processors: 2
import os
import unittest

import harness
import real_sets


class Tables(real_sets.Case):
    def reached(self, name):
        flags = self.locate(name)
        run = self.train(os.path.join(harness.SOURCE, "launch", f"{name}-residual.yaml"), 2, flags, timeout=1000)
        found = real_sets.scores(run)
        print(name, {key: found[key] for key in ("accuracy", "rmse") if key in found})
        return found

    def test_letter_recognition(self):
        self.assertGreaterEqual(self.reached("letter-recognition")["accuracy"], 0.975)

    def test_california_housing(self):
        self.assertLessEqual(self.reached("california-housing")["rmse"], 51600)


class Drawn(harness.Case):
    def test_waves(self):
        run = self.train(os.path.join(harness.SOURCE, "launch", "waves-residual.yaml"), 2, timeout=1000)
        found = run.of_kind("eval")[-1]
        print("waves", found["accuracy"])
        self.assertEqual(found["count"], 2000)
        self.assertGreaterEqual(found["accuracy"], 0.97)


if __name__ == "__main__":
    unittest.main()
