"""The ready configurations of launch/, and samples for them: random numbers of the shape and type that their data have."""
import glob
import os
import shutil
import tempfile
import unittest

import h5py
import numpy

from packages import harness

# Shape and type of the features; number of classes, of labels that are on or off ("labels"), or of real values; labels for each position.
TABLES = {
    "california-housing": ((8,), float, "values", 1), "california-housing-residual": ((8,), float, "values", 1),
    "energy-efficiency": ((8,), float, "values", 2), "letter-recognition": ((16,), float, "classes", 26),
    "letter-recognition-residual": ((16,), float, "classes", 26), "ocean-proximity": ((7,), float, "classes", 5),
    "scene": ((294,), float, "labels", 6), "yeast": ((103,), float, "labels", 14),
}
IMAGES = {name: ((28, 28), int, "classes", 10) for name in ("mnist", "fashion-mnist", "fashion-mnist-cnn", "mlp")}
NETWORKS = {
    "cifar10-resnet20": ((3, 32, 32), int, "classes", 10), "cifar10-mobilenet": ((3, 32, 32), int, "classes", 10),
    "autoencoder": ((28, 28), int, None, 0), "waves-residual": ((3, 512), float, "classes", 10),
    "shapes-unet": ((64, 64), int, "classes", 4, (64, 64)), "storms-deepcam": ((16, 64, 96), float, "classes", 3, (64, 96)),
    "fields-cosmoflow": ((4, 32, 32, 32), float, "values", 4),
}
LAYOUT = {"waves-residual": "NCL"}
SAMPLES = 8


class Samples:
    """What a test case needs of them. Each is trained once, for all cases of the process."""

    ready = {}

    def samples(self, folder, shape, kind, task, count, positions=()):
        random = numpy.random.default_rng(11)
        x = random.integers(0, 256, (SAMPLES, *shape), numpy.uint8) if kind is int else random.normal(3, 2, (SAMPLES, *shape)).astype("f4")
        with h5py.File(os.path.join(folder, "all.h5"), "w") as f, h5py.File(os.path.join(folder, "five.h5"), "w") as five:
            f["x"], five["x"] = x, x[:5]
            if task == "classes":
                f["y"] = numpy.arange(SAMPLES * int(numpy.prod(positions))).reshape(SAMPLES, *positions) % count
            elif task:
                numbers = random.normal(size=(SAMPLES, count))
                f["y"] = (numbers > 0).astype("u1") if task == "labels" else (1000 * numbers).astype("f4")
        return x

    def trained_for_a_step(self, name, spec):
        """The samples, a checkpoint, and the file with the first five samples."""
        if name not in self.ready:
            folder = tempfile.mkdtemp(prefix="ddp_train_test_")
            unittest.addModuleCleanup(shutil.rmtree, folder)
            x = self.samples(folder, *spec)
            layout = [f"--data.layout={LAYOUT[name]}"] if name in LAYOUT else []
            flags = [f"--data.train={os.path.join(folder, 'all.h5')}", "--data.val=", "--train.epochs=1", f"--train.batch={SAMPLES}", *layout]
            run = harness.Run(os.path.join(harness.SOURCE, "launch", f"{name}.yaml"), os.path.join(folder, "run"), flags=flags)
            self.ready[name] = x, run.final, os.path.join(folder, "five.h5")
        return self.ready[name]


def names_of_files():
    return {os.path.basename(path)[:-5] for path in glob.glob(os.path.join(harness.SOURCE, "launch", "*.yaml"))}
