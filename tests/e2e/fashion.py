"""Runs a configuration of launch/ on Fashion-MNIST and checks its test accuracy."""
import os

import harness

ARCHIVES = os.path.join(harness.SOURCE, "..", "shared", "data", "fashion-mnist")


class Case(harness.Case):
    def reaches(self, name, accuracy, epochs, ranks=2, flags=()):
        if not os.path.isdir(ARCHIVES):
            self.skipTest(f"{ARCHIVES} is not there")
        for split, archive in (("train", "train"), ("val", "t10k")):
            images, labels = (os.path.join(ARCHIVES, f"{archive}-{part}-ubyte.gz") for part in ("images-idx3", "labels-idx1"))
            converted = harness.run(["convert", "idx", images, labels, self.path(f"{split}.h5")])
            self.assertEqual(converted.returncode, 0, converted.stderr)
        run = self.train(os.path.join(harness.SOURCE, "launch", name), ranks,
                         [f"--data.train={self.path('train.h5')}", f"--data.val={self.path('val.h5')}", *flags], timeout=3000)
        reached = [line["accuracy"] for line in run.of_kind("eval")]
        print(f"{name}: test accuracy {run.done['accuracy']:.4f} after {len(run.of_kind('epoch'))} epochs, "
              f"{run.done['seconds']:.1f} s of training on {ranks} ranks ({run.done['samples_per_second']:.0f} samples/s); "
              f"by epoch {' '.join(f'{a:.4f}' for a in reached)}")
        self.assertEqual(run.of_kind("eval")[-1]["count"], 10000)
        self.assertLessEqual(len(run.of_kind("epoch")), epochs)
        self.assertGreaterEqual(run.done["accuracy"], accuracy)
