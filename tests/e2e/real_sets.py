"""Published data sets as the tests use them: where they lie, and the commands of datasets/README.md that convert them."""
import json
import os

import harness

DATA = os.path.join(harness.SOURCE, "..", "shared", "data")
EVERY_FIFTH = ["--test-every", "5"]


def convert(name, out, split=True):
    """The command line for set `name`; without split, all rows are one set."""
    def of(*parts):
        return os.path.join(DATA, *parts)

    if name in ("yeast", "scene"):
        return ["convert", "arff", of(name, f"{name}-train.arff"), out, "--test-file", of(name, f"{name}-test.arff"),
                "--labels-xml", of(name, f"{name}.xml")]
    file, flags, where = {
        "letter-recognition": (of(name, "letter-recognition.data"), ["--target", "0"], ["--split-at", "16000"]),
        "california-housing": (of(name, "california_housing.csv"), ["--target", "medianHouseValue"], EVERY_FIFTH),
        "energy-efficiency": (of(name, "energy_efficiency.csv"), ["--target", "Y1,Y2"], EVERY_FIFTH),
        "ocean-proximity": (of("california-housing", "housing_with_gaps.csv"),
                            ["--target", "ocean_proximity", "--drop", "longitude,latitude", "--missing", "drop"], EVERY_FIFTH),
    }[name]
    return ["convert", "csv", file, out, *flags, *(where if split else [])]


class Case(harness.Case):
    def setUp(self):
        super().setUp()
        if not os.path.isdir(DATA):
            self.skipTest(f"{DATA} is not there")

    def command(self, arguments):
        done = harness.run(arguments)
        self.assertEqual(done.returncode, 0, f"{' '.join(done.args)}\n{done.stderr}")
        return done.stdout

    def convert(self, name, split=True):
        """The path of the converted set."""
        path = self.path(f"{name}{'' if split else '-all'}.h5")
        if not os.path.exists(path):
            self.command(convert(name, path, split))
        return path

    def locate(self, name):
        """The flags that say where the data of launch/NAME.yaml is."""
        if name != "mnist":
            path = self.convert(name)
            return [f"--data.train={path}:train", f"--data.val={path}:test"]
        flags = []
        for key, archive in (("train", "train"), ("val", "t10k")):
            images, labels = (os.path.join(DATA, name, f"{archive}-{part}-ubyte.gz") for part in ("images-idx3", "labels-idx1"))
            self.command(["convert", "idx", images, labels, self.path(f"{key}.h5")])
            flags.append(f"--data.{key}={self.path(f'{key}.h5')}")
        return flags

    def launch(self, name, ranks=2, flags=()):
        """A run of launch/NAME.yaml."""
        return self.train(os.path.join(harness.SOURCE, "launch", f"{name}.yaml"), ranks, [*self.locate(name), *flags])


def scores(run):
    """What the last evaluation said."""
    return run.of_kind("eval")[-1]


def parts(run, kind, score):
    """A score of each of the "targets", "classes" or "labels" in the run's report, in their order."""
    with open(os.path.join(run.folder, "report.json")) as f:
        return [part[score] for part in json.load(f)[kind]]


def outputs(run, x):
    """The outputs of a run's final model of linear and relu layers for features x, in double precision and original units."""
    import h5py
    import numpy as np
    with h5py.File(run.final, "r") as f:
        y = (x - f["normalize/mean"][()].astype(np.float64)) / f["normalize/std"][()]
        layers = sorted(f["model"])
        for layer in layers:
            y = y @ f[f"model/{layer}/weight"][()].T.astype(np.float64) + f[f"model/{layer}/bias"][()]
            y = y if layer == layers[-1] else np.maximum(y, 0)
        if "targets" in f:
            y = y * f["targets/std"][()].astype(np.float64) + f["targets/mean"][()]
    return y


def rows(path, group):
    """Features and labels of a converted set, in double precision."""
    import h5py
    import numpy as np
    with h5py.File(path, "r") as f:
        place = f[group] if group else f
        return place["x"][()].astype(np.float64), place["y"][()].astype(np.float64)
