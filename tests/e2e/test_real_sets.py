"""The configurations of launch/ on published data: their figures, and the same weights at any number of ranks."""
# processors: 2
import csv
import os
import unittest

import numpy as np

import harness
import real_sets

# Bounds are those of launch/README.md; its table says how far above them the runs of five seeds are.


class RealSets(real_sets.Case):
    def launched(self, name, count):
        """The scores of launch/NAME.yaml on 2 ranks, after 1 and 3 ranks have ended in the same weights."""
        run = self.launch(name)
        for ranks in (1, 3):
            self.runs += 1
            again = harness.Run(os.path.join(run.folder, "config.yaml"), self.path(f"run{self.runs}"), ranks)
            self.assertEqual(again.done["weights_hash"], run.done["weights_hash"], f"{ranks} ranks")
            self.assertEqual(real_sets.scores(again), real_sets.scores(run))
        found = real_sets.scores(run)
        print(name, {k: v for k, v in found.items() if k in ("accuracy", "f1_micro", "hamming_loss", "rmse", "mae", "r2")})
        self.assertEqual(found["count"], count)
        return run, found

    def test_mnist(self):
        run, found = self.launched("mnist", 10000)
        self.assertEqual(len(run.of_kind("epoch")), 5)
        self.assertGreaterEqual(found["accuracy"], 0.985)

    def test_letter_recognition(self):
        _, found = self.launched("letter-recognition", 4000)
        self.assertGreaterEqual(found["accuracy"], 0.94)

    def test_yeast(self):
        _, found = self.launched("yeast", 917)
        self.assertGreaterEqual(found["f1_micro"], 0.63)
        self.assertLessEqual(found["hamming_loss"], 0.205)

    def test_scene(self):
        _, found = self.launched("scene", 1196)
        self.assertGreaterEqual(found["f1_micro"], 0.70)

    def test_california_housing(self):
        run, found = self.launched("california-housing", 4128)
        self.assertLessEqual(found["rmse"], 56000)
        self.check_values(run, found, "california-housing")

    def test_energy_efficiency(self):
        run, found = self.launched("energy-efficiency", 153)
        heating, cooling = self.check_values(run, found, "energy-efficiency")
        print(f"RMSE of Y1 {heating:.4f}, of Y2 {cooling:.4f}")
        self.assertLessEqual(heating, 1.2)
        self.assertLessEqual(cooling, 2.0)

    def check_values(self, run, found, name):
        """The RMSE of every target, after a comparison with what the weights in the checkpoint give in double precision."""
        x, y = real_sets.rows(self.convert(name), "test")
        y = y.reshape(len(x), -1)
        error = real_sets.outputs(run, x) - y
        rmse, reported = np.sqrt((error ** 2).mean(0)), real_sets.parts(run, "targets", "rmse")
        self.assertEqual(len(reported), len(rmse))
        # Outputs are float32 with sums of up to 128 terms: they differ from those in double by less than 1e-5 of the targets' spread.
        for value, expected in zip((found["rmse"], *reported), (rmse.mean(), *rmse)):
            self.assertAlmostEqual(value / expected, 1, delta=1e-5)
        self.assertAlmostEqual(found["mae"] / np.abs(error).mean(), 1, delta=1e-5)
        self.assertAlmostEqual(found["r2"], (1 - (error ** 2).sum(0) / ((y - y.mean(0)) ** 2).sum(0)).mean(), delta=1e-5)
        return reported


class Gaps(real_sets.Case):
    """housing_with_gaps.csv: 207 values of total_bedrooms are missing, and ocean_proximity is text."""
    FILE = os.path.join(real_sets.DATA, "california-housing", "housing_with_gaps.csv")
    TARGET = ("--target", "median_house_value")

    def converted(self, *flags):
        return harness.run(["convert", "csv", self.FILE, self.path("gaps.h5"), *self.TARGET, *flags])

    def test_refused(self):
        with open(self.FILE) as f:
            table = list(csv.DictReader(f))
        gap = next(i for i, row in enumerate(table) if not row["total_bedrooms"]) + 2  # lines count from 1, the header's
        for flags, line, parts in (((), 2, ("'ocean_proximity'", "'NEAR BAY' is not a number", "--categorical")),
                                   (("--missing", "mean"), 2, ("'ocean_proximity'", "'NEAR BAY' is not a number")),
                                   (("--drop", "ocean_proximity"), gap, ("'total_bedrooms'", "missing", "--missing mean")),
                                   (("--categorical", "ocean_proximity"), gap, ("'total_bedrooms'", "missing", "--missing mean"))):
            with self.subTest(flags=flags):
                done = self.converted(*flags)
                self.assertEqual(done.returncode, 3, done.stdout)
                errors = harness.error_lines(done.stderr)
                self.assertEqual(len(errors), 1, done.stderr)
                for part in (f"{self.FILE}: line {line},", *parts):
                    self.assertIn(part, errors[0])
                self.assertFalse(os.path.exists(self.path("gaps.h5")))

    def test_mean_of_the_training_rows(self):
        done = self.converted("--missing", "mean", "--categorical", "ocean_proximity", *real_sets.EVERY_FIFTH)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("207", done.stdout + done.stderr)
        with open(self.FILE) as f:
            table = list(csv.DictReader(f))
        regions = sorted({row["ocean_proximity"] for row in table})
        names = [name for name in table[0] if name not in ("median_house_value", "ocean_proximity")]
        expected = np.array([[float(row[name] or "nan") for name in names] + [row["ocean_proximity"] == region for region in regions]
                             for row in table])
        test = np.arange(len(table)) % 5 == 4
        self.assertEqual(np.isnan(expected).sum(), 207)
        mean = np.nanmean(expected[~test, names.index("total_bedrooms")])
        expected = np.where(np.isnan(expected), mean, expected).astype(np.float32)
        value = np.array([float(row["median_house_value"]) for row in table])
        for group, part in (("train", ~test), ("test", test)):
            x, y = real_sets.rows(self.path("gaps.h5"), group)
            self.assertTrue(np.array_equal(x, expected[part]), group)
            self.assertTrue(np.array_equal(y, value[part]), group)


class Imbalance(real_sets.Case):
    """What launch/README.md says of rare classes and labels: the same configuration, without and with weights."""

    def test_weights_of_classes(self):
        runs = [self.launch("ocean-proximity", flags=flags) for flags in ((), ("--loss.weight=[0.6, 0.8, 1, 2.3, 2]",))]
        without, weighted = (real_sets.parts(run, "classes", "recall") for run in runs)
        print("recall of ocean_proximity without weights", np.round(without, 3), "and with", np.round(weighted, 3))
        names = real_sets.parts(runs[0], "classes", "name")
        near_bay, near_ocean = names.index("NEAR BAY"), names.index("NEAR OCEAN")
        self.assertGreaterEqual(weighted[near_bay], without[near_bay] + 0.1)
        self.assertGreaterEqual(weighted[near_ocean], without[near_ocean] + 0.25)

    def test_weights_of_labels(self):
        _, y = real_sets.rows(self.convert("yeast"), "train")
        weights = ", ".join(f"{w:.1f}" for w in (y == 0).sum(0) / (y == 1).sum(0))
        runs = [self.launch("yeast", flags=flags) for flags in ((), (f"--loss.pos_weight=[{weights}]",))]
        without, weighted = (np.array(real_sets.parts(run, "labels", "recall")) for run in runs)
        print("recall of yeast's labels without weights", without.round(3), "and with", weighted.round(3))
        rare = [8, 9, 10]  # Class9 to Class11, on in 7 % to 13 % of the genes
        self.assertTrue((weighted[rare] >= without[rare] + 0.3).all())
        without, weighted = (real_sets.scores(run) for run in runs)
        self.assertGreaterEqual(weighted["recall_macro"], without["recall_macro"] + 0.15)
        self.assertGreaterEqual(weighted["f1_macro"], without["f1_macro"] + 0.03)


if __name__ == "__main__":
    unittest.main()
