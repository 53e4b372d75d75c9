"""Configurations of launch/ with residual, U-shaped, 1-D and 3-D networks: what launch/README.md says they reach. Those of CIFAR-10 are
in test_networks_cifar.py."""
# processors: 2
# long
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
    def reached(self, name, score, *flags):
        run = self.train(os.path.join(harness.SOURCE, "launch", f"{name}.yaml"), 2, flags, timeout=1000)
        found = run.of_kind("eval")[-1]
        print(f"{name}: {score} {found[score]}")
        return found[score]

    def test_waves(self):
        self.assertGreaterEqual(self.reached("waves-residual", "accuracy"), 0.97)

    def test_shapes(self):
        self.assertGreaterEqual(self.reached("shapes-unet", "iou", "--train.epochs=5"), 0.95)

    def test_storms(self):
        self.assertGreaterEqual(self.reached("storms-deepcam", "iou", "--train.epochs=3"), 0.80)

    def test_fields(self):
        self.assertGreaterEqual(self.reached("fields-cosmoflow", "r2", "--train.epochs=4"), 0.70)

    def test_autoencoder(self):
        self.assertLessEqual(self.reached("autoencoder", "rmse"), 0.50)


if __name__ == "__main__":
    unittest.main()
