"""Files as h5py writes them, through the program's own commands: inspect, convert idx, demo-data."""
import gzip
import os
import re
import struct
import sys
import tempfile
import unittest

import h5py
import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import harness  # noqa: E402

DATA = os.path.join(harness.SOURCE, "..", "shared", "data")


class H5py(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.file = self.path("set.h5")

    def tearDown(self):
        self.folder.cleanup()

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def inspect(self, *flags):
        process = harness.run(["inspect", self.file, *flags])
        self.assertEqual(process.returncode, 0, process.stderr)
        return process.stdout

    def check_numbers(self, output, features, labels):
        """The printed channels and class counts against numpy; features are [N][C] and up to three axes."""
        count, channels = features.shape[:2]
        self.assertIn(f"samples {count} of {' x '.join(map(str, features.shape[1:]))} (", output)
        x = features.astype(np.float32).astype(np.float64)
        for c in range(min(channels, 4)):
            row = re.search(rf"^  {c} +(\S+) +(\S+) +(\S+) +(\S+)$", output, re.M)
            self.assertIsNotNone(row, output)
            got = [float(v) for v in row.groups()]
            std = x[:, c].std() or 1
            want = [x[:, c].mean(), std, x[:, c].min(), x[:, c].max()]
            np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-5 * std)
        counts = np.bincount(labels.ravel().astype(np.int64))
        for k, number in enumerate(counts):
            self.assertRegex(output, rf"(?m)^ +{k}  .* {number}  +\d+\.\d\d %$")

    def write(self, features, labels, **options):
        with h5py.File(self.file, "w") as f:
            f.create_dataset("x", data=features, **options)
            f["y"] = labels

    def problem(self, part, *flags):
        """inspect lists the file and says what stands in the way of training."""
        problems = [line for line in self.inspect(*flags).splitlines() if "problem:" in line]
        self.assertEqual(len(problems), 1)
        self.assertIn(part, problems[0])
        return problems[0]

    def test_names_that_terminals_would_obey(self):
        self.write(np.zeros((4, 2), np.float32), np.arange(4))
        with h5py.File(self.file, "a") as f:
            f["\x1b[2J\n"] = np.arange(3)
            f["a\x1b]0;title\x07/x"], f["a\x1b]0;title\x07/y"] = np.zeros((2, 2), np.float32), np.arange(2)
        output = self.inspect()
        self.assertIn("  ?[2J? ", output)
        self.assertIn(":a?]0;title?\n", output)
        self.assertNotRegex(output, r"[^\n\x20-\x7e]")

    # ---- what is read ----

    def check_groups(self, groups):
        """Writes {name: (features, labels)} as groups of one file, and checks what one call prints about each."""
        with h5py.File(self.file, "w") as f:
            for name, (features, labels) in groups.items():
                f[f"{name}/x"], f[f"{name}/y"] = features, labels
        sections = self.inspect().split(f"\n{self.file}:")[1:]
        self.assertEqual(len(sections), len(groups))
        for section in sections:
            name, output = section.split("\n", 1)
            with self.subTest(name):
                features, labels = groups[name]
                self.check_numbers(output, features, labels)

    def test_feature_types(self):
        rng = np.random.default_rng(1)
        labels = rng.integers(0, 7, 31)
        kinds = ["u1", "i1", "<u2", ">i2", "<i4", ">i4", "<u8", "<i8", ">u8", "<f2", "<f4", ">f4", "<f8", ">f8", "?", "g"]
        self.check_groups({f"{i}{kind}": ((rng.random((31, 3, 5, 2)) * (2 if kind == "?" else 120)).astype(kind), labels)
                           for i, kind in enumerate(kinds)})

    def test_label_types(self):
        features, labels = np.arange(2 * 13, dtype=np.float32).reshape(13, 2), np.arange(13) % 2
        kinds = ["u1", "i1", "<u2", ">i2", ">i4", "<u4", "<i8", ">i8", "<u8", ">u8", "?"]
        self.check_groups({f"{kind}{len(shape)}": (features, labels.astype(kind).reshape(shape))
                           for kind in kinds for shape in [(13,), (13, 1)]})

    def test_storage(self):
        rng = np.random.default_rng(2)
        features, labels = rng.integers(0, 256, (101, 1, 7, 11), dtype=np.uint8), rng.integers(0, 3, 101)
        for options in [dict(chunks=True), dict(chunks=(1, 1, 7, 11)), dict(chunks=(13, 1, 3, 4), compression="gzip"),
                        dict(chunks=(101, 1, 1, 1), compression="gzip", shuffle=True, fletcher32=True),
                        dict(maxshape=(None, 1, 7, 11))]:
            with self.subTest(options):
                self.write(features, labels, **options)
                output = self.inspect()
                self.check_numbers(output, features, labels)
                self.assertEqual("gzip level" in output, "compression" in options)

    def test_virtual(self):
        """Rows that lie in other files; HDF5 itself reads zeros where a file is gone."""
        features, labels = np.random.default_rng(5).normal(size=(20, 3)).astype(np.float32), np.arange(20) % 3
        layout = h5py.VirtualLayout((20, 3), np.float32)
        for i in range(2):
            with h5py.File(self.path(f"part{i}.h5"), "w") as f:
                f["rows"] = features[10 * i:10 * i + 10]
            layout[10 * i:10 * i + 10] = h5py.VirtualSource(f"part{i}.h5", "rows", (10, 3))
        with h5py.File(self.file, "w") as f:
            f.create_virtual_dataset("x", layout)
            f["y"] = labels
        self.assertIn("--allow-external", self.problem("x: is a virtual dataset"))
        self.check_numbers(self.inspect("--allow-external"), features, labels)
        with h5py.File(self.path("part1.h5"), "a") as f:
            f.move("rows", "lines")
        self.problem("part1.h5 holds no dataset rows", "--allow-external")
        os.remove(self.path("part1.h5"))
        self.problem("part1.h5 is missing", "--allow-external")

    def test_newest_format(self):
        features, labels = np.ones((5, 4, 3), np.float32), np.arange(5)
        with h5py.File(self.file, "w", libver="latest") as f:
            f["deep/down/images"], f["deep/down/labels"] = features, labels
        output = self.inspect()
        self.assertIn(f"{self.file}:deep/down", output)
        self.check_numbers(output, features.reshape(5, 1, 4, 3), labels)

    def test_channels_last(self):
        features, labels = np.random.default_rng(3).random((13, 4, 5, 3)).astype(np.float32), np.arange(13)
        for text in ["NHWC", np.bytes_("NHWC"), np.array("NHWC", dtype="S9")]:
            self.write(features, labels)
            with h5py.File(self.file, "a") as f:
                f["x"].attrs["layout"] = text
            self.check_numbers(self.inspect(), features.transpose(0, 3, 1, 2), labels)

    def test_ranks(self):
        """Samples of any rank, channels first and last; (N,A,B) is one image unless the file says that it is a signal."""
        rng = np.random.default_rng(6)
        labels = rng.integers(0, 3, 29)
        for shape, axes in [((29, 5), "features"), ((29, 5, 7), "channels, length"), ((29, 2, 5, 7), "channels, height, width"),
                            ((29, 2, 5, 7, 3), "channels, depth, height, width")]:
            for kind in ("u1", "f4", "f8"):
                features = (rng.random(shape) * 200).astype(kind)
                letters = {2: "", 3: "L", 4: "HW", 5: "DHW"}[len(shape)]
                for layout in [None, f"NC{letters}", f"N{letters}C"][:1 if len(shape) == 2 else 3]:
                    with self.subTest(shape=shape, kind=kind, layout=layout):
                        last = layout and layout.endswith("C")
                        self.write(np.moveaxis(features, 1, -1) if last else features, labels)
                        with h5py.File(self.file, "a") as f:
                            if layout:
                                f["x"].attrs["layout"] = layout
                        output = self.inspect()
                        if len(shape) == 3 and not layout:
                            self.assertIn("samples 29 of 1 x 5 x 7 (channels, height, width)", output)
                        else:
                            self.check_numbers(output, features, labels)
                            self.assertIn(f"({axes})", output)
        self.write(np.zeros((29, 1, 1, 1, 1, 1), "f4"), labels)
        self.problem("x: has shape (29, 1, 1, 1, 1, 1); expected (N,F), (N,C,L), (N,H,W), (N,C,H,W) or (N,C,D,H,W)")

    def test_class_names(self):
        names = ["café", "dog", "a third class"]
        fixed = [n.encode() for n in names]
        forms = {"list": lambda o: o.attrs.__setitem__("class_names", names),
                 "bytes": lambda o: o.attrs.__setitem__("class_names", np.array(fixed)),
                 "padded": lambda o: o.attrs.__setitem__("class_names", np.array(fixed, dtype="S40")),
                 "objects": lambda o: o.attrs.__setitem__("class_names", np.array(names, dtype=h5py.string_dtype())),
                 "dataset": lambda o: o.file.create_dataset("class_names", data=names),
                 "fixed dataset": lambda o: o.file.create_dataset("class_names", data=np.array(fixed)),
                 "commas": lambda o: o.attrs.__setitem__("class_names", ",".join(names))}
        for form, write in forms.items():
            with self.subTest(form):
                self.write(np.zeros((4, 2), np.uint8), np.array([0, 1, 2, 2]))
                with h5py.File(self.file, "a") as f:
                    write(f["y"])
                output = self.inspect()
                for k, name in enumerate(names):
                    self.assertRegex(output, rf"(?m)^ +{k}  {name} ")

    def test_other_objects(self):
        """Whatever else a file holds is listed, or left out, without harm."""
        with h5py.File(self.file, "w") as f:
            f["x"], f["y"] = np.zeros((3, 2), np.float32), np.arange(3)
            f["compound"] = np.zeros(3, dtype=[("a", "f4"), ("b", "i8")])
            f["text"] = "words"
            f["null"] = h5py.Empty("f4")
            f["scalar"] = 7
            f["many"] = np.zeros((1,) * 20)
            f.create_dataset("ragged", (3,), dtype=h5py.vlen_dtype(np.int32))
            f["loop"] = f["/"]
            f["dangling"] = h5py.SoftLink("/nowhere")
            f["outside"] = h5py.ExternalLink("other.h5", "/x")
        output = self.inspect()
        for name in ["compound", "text", "null", "scalar", "many", "ragged"]:
            self.assertRegex(output, rf"(?m)^  {name} ")
        self.check_numbers(output, np.zeros((3, 2)), np.arange(3))

    # ---- labels ----

    def row(self, output, name, k):
        """The numbers that are printed about class, label or target k."""
        match = re.search(rf"(?m)^ +{k}  {name} +(.*?)(?: %)?$", output)
        self.assertIsNotNone(match, output)
        return [float(v) for v in match.group(1).split()]

    def check_labels(self, labels, kind):
        """What is said about labels that are no class indices."""
        width = labels.shape[1] if labels.ndim == 2 else 1
        with h5py.File(self.file, "w") as f:
            f["x"], f["y"] = np.ones((len(labels), 2), np.float32), labels
            f["y"].attrs["class_names"] = [f"name{k}" for k in range(width)]
        output = self.inspect()
        shape = f"(N,{width})" if labels.ndim == 2 else "(N,)"
        stored = "int8" if labels.dtype == bool else str(labels.dtype)
        self.assertIn(f"labels {stored} {shape}: {kind}, ", output)
        columns = labels.reshape(len(labels), width).astype(np.float32).astype(np.float64)
        for k in range(width):
            got = self.row(output, f"name{k}", k)
            if kind in ("onehot", "multilabel"):
                count = int((columns[:, k] == 1).sum())
                self.assertEqual(got[0], count)
                self.assertAlmostEqual(got[1], 100 * count / len(labels), delta=0.0051)
            else:
                std = columns[:, k].std() or 1
                want = [columns[:, k].mean(), std, columns[:, k].min(), columns[:, k].max()]
                np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-5 * std)  # six digits are printed

    def test_kinds_and_types(self):
        rng = np.random.default_rng(7)
        onehot = np.eye(4)[rng.integers(0, 4, 53)]
        binary = rng.integers(0, 2, (53, 3))
        binary[:2] = [[0, 0, 0], [1, 1, 1]]
        probs = rng.integers(1, 9, (53, 1)) * np.array([[0.0625, 0.0625]])
        probs = np.hstack([probs, 1 - probs.sum(axis=1, keepdims=True)])  # exact in float16
        values = rng.integers(2, 100, (53, 2))
        for kind in "?bBhHiIlLefd":
            with self.subTest(kind=kind):
                self.check_labels(onehot.astype(kind), "onehot")
                self.check_labels(binary.astype(kind), "multilabel")
                if kind != "?":
                    self.check_labels(values.astype(kind), "target")
                if kind in "bhilefd":
                    self.check_labels((2 * binary - 1).astype(kind), "multilabel")
                    self.check_labels((2 * binary - 1)[:, 0].astype(kind), "multilabel")
                    self.check_labels((-values).astype(kind), "target")
                    self.check_labels((-values)[:, 1].astype(kind), "target")
                if kind in "efd":
                    self.check_labels(probs.astype(kind), "probs")
                    self.check_labels(binary[:, 0].astype(kind), "multilabel")
                    self.check_labels(binary[:, :1].astype(kind), "multilabel")
                    self.check_labels((values / 4).astype(kind), "target")
                    self.check_labels((values / 4)[:, 0].astype(kind), "target")
                    self.check_labels((values / 4)[:, :1].astype(kind), "target")

    def test_weights(self):
        labels, weights = np.arange(13) % 2, np.arange(13) / 4
        for kind in "BlLefd":
            for shape in [(13,), (13, 1)]:
                self.write(np.ones((13, 2), np.float32), labels)
                with h5py.File(self.file, "a") as f:
                    f["weights"] = weights.astype(kind).reshape(shape)
                got = weights.astype(kind).astype(float)
                self.assertIn(f"weights  mean {got.mean():.6g}, min 0, max {got.max():.6g}, {(got == 0).sum()} of 0",
                              self.inspect())

    # ---- what is refused ----

    def test_problems(self):
        ones, labels = np.ones((13, 2), np.float32), np.arange(13)
        bad = ones.astype(np.float64)
        bad[11, 1] = 1e39
        cases = [(bad, labels, "sample 11 holds Inf, or a value beyond float32"),
                 (np.where(np.arange(26).reshape(13, 2) == 9, np.nan, ones), labels, "1 of 26 values are missing (NaN, or fill values), the first in sample 4"),
                 (ones, np.full(13, b"text"), "holds text"),
                 (ones, np.where(labels == 5, np.nan, 1.0), "sample 5 holds NaN"),
                 (ones, np.full(13, 2**64 - 1, np.uint64), "18446744073709551615"), (ones, labels[:12], "has 12 rows for 13 samples"),
                 (ones, np.ones((13, 2, 2, 2, 2, 2)), "shape (13, 2, 2, 2, 2, 2)"), (ones, np.ones((13, 0)), "shape (13, 0)"), (ones[:0], labels[:0], "no sample"),
                 (np.zeros(13, dtype=[("a", "f4")]), labels, "is a table"), (np.full(13, b"text"), labels, "holds text"),
                 (np.ones((13, 2, 2, 2, 2, 2), np.float32), labels, "shape (13, 2, 2, 2, 2, 2)"),
                 (np.ones((13, 2), np.complex64), labels, "no numbers")]
        for features, targets, part in cases:
            with self.subTest(part):
                self.write(features, targets)
                self.assertIn(self.file, self.problem(part))

    def test_missing_filter(self):
        self.write(np.ones((13, 2), np.float32), np.arange(13), chunks=(4, 2), compression="gzip")
        with open(self.file, "rb") as f:
            data = f.read()
        at = data.index(b"deflate\0") - 8
        with open(self.file, "wb") as f:
            f.write(data[:at] + struct.pack("<H", 32015) + data[at + 2:])
        self.assertIn("data.allow_external", self.problem("filter 32015"))
        self.assertIn("install its plugin", self.problem("filter 32015", "--allow-external"))
        self.assertIn("NOT AVAILABLE", self.inspect())

    def test_broken_files(self):
        self.write(np.ones((13, 2), np.float32), np.arange(13))
        with open(self.file, "rb") as f:
            data = f.read()
        for cut in [0, 7, 8, 96, 800, len(data) - 1]:
            with self.subTest(cut=cut):
                with open(self.file, "wb") as f:
                    f.write(data[:cut])
                process = harness.run(["inspect", self.file])
                self.assertEqual(process.returncode, 3, process.stderr)
                self.assertEqual(len(process.stderr.strip().splitlines()), 1, process.stderr)
                self.assertIn(self.file, process.stderr)
        self.assertEqual(harness.run(["inspect", self.path("nowhere.h5")]).returncode, 3)

    # ---- what is written ----

    def convert(self, images, labels, *flags, pack=gzip.compress):
        for name, array in [("images", images), ("labels", labels)]:
            header = struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
            with open(self.path(name), "wb") as f:
                f.write(pack(header + array.tobytes()))
        return harness.run(["convert", "idx", self.path("images"), self.path("labels"), self.file, *flags])

    def test_convert(self):
        rng = np.random.default_rng(4)
        for shape in [(1, 1, 1), (7, 28, 28), (1009, 13, 5)]:
            for pack in [gzip.compress, bytes]:
                with self.subTest(shape=shape, pack=pack):
                    images, labels = rng.integers(0, 256, shape, dtype=np.uint8), rng.integers(0, 3, shape[0], dtype=np.uint8)
                    process = self.convert(images, labels, "--class-names", "one,two,three", "--force", pack=pack)
                    self.assertEqual(process.returncode, 0, process.stderr)
                    with h5py.File(self.file, "r") as f:
                        self.assertEqual(f["images"].dtype, np.uint8)
                        self.assertEqual(f["images"].chunks[1:], (1, *shape[1:]))
                        np.testing.assert_array_equal(f["images"][:], images[:, None])
                        np.testing.assert_array_equal(f["labels"][:], labels)
                        self.assertEqual(list(f["labels"].attrs["class_names"]), ["one", "two", "three"])
                    self.check_numbers(self.inspect(), images[:, None], labels)

    def test_convert_refuses(self):
        images, labels = np.zeros((5, 2, 2), np.uint8), np.arange(5, dtype=np.uint8)
        self.assertEqual(self.convert(images, labels, "--class-names", "a,b,c,d").returncode, 3)
        self.assertEqual(self.convert(images, labels[:4]).returncode, 3)
        self.assertEqual(self.convert(labels, images).returncode, 3)
        self.assertEqual(sorted(os.listdir(self.folder.name)), ["images", "labels"])
        self.assertEqual(self.convert(images, labels).returncode, 0)
        self.assertEqual(self.convert(images, labels).returncode, 2)  # it exists
        self.assertEqual(self.convert(images, labels, "--force").returncode, 0)

    def test_demo_data(self):
        process = harness.run(["demo-data", self.file])
        self.assertEqual(process.returncode, 0, process.stderr)
        with h5py.File(self.file, "r") as f:
            for split, count in [("train", 60000), ("test", 10000)]:
                self.assertEqual(f[split]["images"].shape, (count, 1, 28, 28))
                self.assertEqual(f[split]["images"].dtype, np.uint8)
                np.testing.assert_array_equal(np.bincount(f[split]["labels"][:]), [count // 10] * 10)
                self.assertEqual(list(f[split]["labels"].attrs["class_names"]), list("0123456789"))

    def test_real_data(self):
        """Sums of pixels and first labels of the published sets."""
        sets = {"fashion-mnist": (3431114169, [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]),
                "mnist": (1567298545, [5, 0, 4, 1, 9, 2, 1, 3, 1, 4])}
        for name, (total, first) in sets.items():
            folder = os.path.join(DATA, name)
            if not os.path.isdir(folder):
                self.skipTest(f"{name} is not here")
            process = harness.run(["convert", "idx", os.path.join(folder, "train-images-idx3-ubyte.gz"),
                                   os.path.join(folder, "train-labels-idx1-ubyte.gz"), self.file, "--force"])
            self.assertEqual(process.returncode, 0, process.stderr)
            with h5py.File(self.file, "r") as f:
                self.assertEqual(int(f["images"][:].sum(dtype=np.int64)), total)
                self.assertEqual(list(f["labels"][:10]), first)


if __name__ == "__main__":
    unittest.main()
