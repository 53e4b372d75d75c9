"""datasets/fetch.sh on a copy of the scripts: from a mirror, from a publisher (a curl of our own), and what it refuses."""
import os
import shutil
import subprocess
import sys
import unittest

import h5py

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import harness  # noqa: E402

DATA = os.path.join(harness.SOURCE, "..", "shared", "data")
TABLES = {"california-housing": (16512, 4128, 8), "energy-efficiency": (615, 153, 8), "letter-recognition": (16000, 4000, 16),
          "ocean-proximity": (16333, 4100, 7), "scene": (1211, 1196, 294), "yeast": (1500, 917, 103)}

# Serves PUBLISHED as the publishers do: under their names, one with other line ends. Called as curl FLAGS --output FILE URL.
CURL = """#!/bin/sh
while [ $# -gt 2 ]; do shift; done
out=$1 name=$(basename "$2")
case $name in
housing.csv) cp "$PUBLISHED/california-housing/housing_with_gaps.csv" "$out" ;;
cal_housing_full.data) cp "$PUBLISHED/california-housing/california_housing.csv" "$out" ;;
ENB2012_data.csv) sed 's/$/\\r/' "$PUBLISHED/energy-efficiency/energy_efficiency.csv" >"$out" ;;
yeast.xml) echo damaged >"$out" ;;
*) cp "$PUBLISHED"/*/"$name" "$out" ;;
esac
chmod u+w "$out"
"""


class Fetch(harness.Case):
    def setUp(self):
        super().setUp()
        if not os.path.isdir(DATA):
            self.skipTest(f"{DATA} is not there")
        for name in ("datasets/fetch.sh", "launch/setup.sh"):
            os.makedirs(self.path(os.path.dirname(name)), exist_ok=True)
            shutil.copy(os.path.join(harness.SOURCE, name), self.path(name))

    def fetch(self, *arguments, **variables):
        return subprocess.run([self.path("datasets/fetch.sh"), *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=300,
                              env={**harness.environment(), "DDP_TRAIN_BIN": harness.PROGRAM, **variables})

    def check(self, name):
        train, test, features = TABLES[name]
        with h5py.File(self.path(f"datasets/{name}.h5"), "r") as f:
            self.assertEqual((f["train/x"].shape, f["test/x"].shape), ((train, features), (test, features)))

    def test_mirror(self):
        for name in TABLES:
            done = self.fetch(name, "--mirror", DATA)
            self.assertEqual(done.returncode, 0, done.stdout)
            self.check(name)
        self.assertEqual(sorted(os.listdir(self.path("datasets"))), sorted(["fetch.sh", *(f"{name}.h5" for name in TABLES)]))
        self.assertIn("there already", self.fetch("yeast", "--mirror", DATA).stdout)

    def test_publisher(self):
        with open(self.path("curl"), "w") as f:
            f.write(CURL)
        os.chmod(self.path("curl"), 0o755)
        served = {"PUBLISHED": os.path.abspath(DATA), "PATH": f"{self.folder}:{os.environ['PATH']}"}
        if not shutil.which("curl", path=os.environ["PATH"]):
            self.skipTest("the package of curl is not installed, and fetch.sh would install it")
        for name in ("california-housing", "energy-efficiency", "letter-recognition", "ocean-proximity", "scene"):
            done = self.fetch(name, **served)
            self.assertEqual(done.returncode, 0, done.stdout)
            self.check(name)
        done = self.fetch("yeast", **served)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("yeast.xml: no publisher gave a file with the published checksum", done.stdout)
        self.assertFalse(os.path.exists(self.path("datasets/yeast.h5")))
        self.assertEqual([name for name in os.listdir(self.path("datasets")) if name.startswith(".")], [])

    def test_refuses(self):
        os.makedirs(self.path("mirror/scene"))
        for name in ("scene-train.arff", "scene-test.arff", "scene.xml"):
            shutil.copyfile(os.path.join(DATA, "scene", name), self.path(f"mirror/scene/{name}"))
        with open(self.path("mirror/scene/scene-test.arff"), "a") as f:
            f.write("\n")
        for arguments, part in [(["scene", "--mirror", self.path("mirror")], "its SHA-256 is not the published"),
                                (["yeast", "--mirror", self.path("mirror")], "no such folder"), (["yaest"], "unknown data set 'yaest'"),
                                ([], "usage:"), (["--miror"], "unknown option")]:
            done = self.fetch(*arguments)
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertIn(part, done.stdout)
        self.assertEqual(os.listdir(self.path("datasets")), ["fetch.sh"])


if __name__ == "__main__":
    unittest.main()
