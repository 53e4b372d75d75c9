"""Every network people bring, as one configuration of at most 60 lines, has the number of parameters that it has elsewhere."""
import glob
import os
import re
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "e2e")]
import harness  # noqa: E402

LINES_MAX = 60

# name: (parameters, at full size: (parameters, data.train, [text, other text] in the file))
COUNTS = {
    "higgs": (279901, None),
    "climsim": (1753472, None),
    "hep": (594178, (594178, "synthetic:3x224x224:2:1")),
    "hep64": (4494594, None),
    "rpv": (137089, None),
    "nt3": (15582118, (154922918, "synthetic:1x60483:2:1")),
    "p1b1": (26602648, (244397083, "synthetic:60483:1:1", "linear: 6048", "linear: 60483")),
    "cosmoflow": (4778788, (8907556, "synthetic:4x128x128x128:real@4:1")),
    "phasenet": (268443, None),
    "basset": (4735064, None),
    "weather": (313858, None),
    "deepcam": (56454720, (56454720, "synthetic:16x768x1152:3@768x1152:1")),
    "unet3d": (4081267, (4081267, "synthetic:1x80x170x170:bits@1x80x170x170:1")),
    "r20": (272474, None),
    "r18": (11173962, None),
    "mbv2": (2236682, None),
    "unet2d": (482466, None),
    "tcn": (138186, None),
    "tab": (1075466, None),
}


class Networks(harness.Case):
    def check(self, count, config, *flags):
        """The last number of the table that `check` prints. Passes may be larger than this machine's memory: then `check` ends before
        the table, and what stays is the planned memory of the parameters, with their running statistics and the gaps between them."""
        done = harness.run(["check", config, *flags])
        if done.returncode == 1 and "activations of a pass: out of memory" in done.stderr:
            megabytes = float(re.search(r"^ +parameters +- +([\d.]+) MB", done.stdout, re.M)[1])
            self.assertAlmostEqual(megabytes, count * 4e-6, delta=0.01 * count * 4e-6)
            return
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(int(re.findall(r"^  total +(\d+)$", done.stdout, re.M)[-1]), count)

    def test_every_file_is_known(self):
        self.assertEqual(sorted(COUNTS), sorted(os.path.basename(f)[:-5] for f in glob.glob(os.path.join(HERE, "*.yaml"))))

    def test_parameters(self):
        for name, (count, full) in COUNTS.items():
            with self.subTest(network=name):
                path = os.path.join(HERE, name + ".yaml")
                with open(path) as f:
                    text = f.read()
                self.assertLessEqual(text.count("\n"), LINES_MAX)
                self.check(count, path)
                if full:
                    more, locator, *change = full
                    other = self.write(name + ".yaml", text.replace(*change) if change else text)
                    self.check(more, other, f"--data.train={locator}", "--train.batch=1", "--train.virtual_ranks=1")


if __name__ == "__main__":
    unittest.main()
