"""convert csv and convert arff against Python's csv module and numpy, on awkward files and on the published sets."""
import csv
import gzip
import io
import os
import random
import re
import shlex
import sys
import unittest

import h5py
import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import harness  # noqa: E402

DATA = os.path.join(harness.SOURCE, "..", "shared", "data")


def float32(rows):
    """Decimal texts to the nearest double and on to float32, as the program does."""
    return np.array([[float(cell) for cell in row] for row in rows], np.float64).astype(np.float32)


class Case(harness.Case):
    def setUp(self):
        super().setUp()
        self.out = self.path("out.h5")

    def convert(self, kind, source, *flags, force=True):
        return harness.run(["convert", kind, source, self.out, *flags, *(["--force"] if force else [])])

    def done(self, kind, source, *flags):
        """Converts, lets inspect read the result, and returns {name: (array, attributes)}."""
        process = self.convert(kind, source, *flags)
        self.assertEqual(process.returncode, 0, process.stderr)
        self.said = process.stdout + process.stderr
        inspected = harness.run(["inspect", self.out])
        self.assertEqual(inspected.returncode, 0, inspected.stderr)
        self.assertNotIn("problem", inspected.stdout)
        self.inspected = inspected.stdout
        found = {}

        def visit(name, item):
            if isinstance(item, h5py.Dataset):
                found[name] = (item[()], {key: list(item.attrs[key]) for key in item.attrs})

        with h5py.File(self.out, "r") as f:
            f.visititems(visit)
        return found

    def refused(self, kind, source, *flags, code=3, says=()):
        process = self.convert(kind, source, *flags, force=False)
        self.assertEqual(process.returncode, code, process.stdout + process.stderr)
        lines = harness.error_lines(process.stderr)
        self.assertEqual(len(lines), 1, process.stderr)
        for part in [says] if isinstance(says, str) else says:
            self.assertIn(part, lines[0])
        self.assertEqual([name for name in os.listdir(self.folder) if name.startswith("out.h5")], [])
        return lines[0]

    def published(self, *names):
        paths = [os.path.join(DATA, name) for name in names]
        for path in paths:
            if not os.path.exists(path):
                self.skipTest(f"{path} is not there")
        return paths if len(paths) > 1 else paths[0]


class Csv(Case):
    def test_awkward_texts_as_python_reads_them(self):
        """Random tables of awkward cells, written by Python in several dialects; texts come back as category names."""
        rng = random.Random(1)
        texts = ["a", "b c", "x,y", 'say "hi"', "two\nlines", "crlf\r\nin it", "ü;|", "tab\tin", " edges ", "'", '""', "%"]
        for delimiter, line_end, quoting, pack in [(",", "\n", csv.QUOTE_MINIMAL, bytes), (";", "\r\n", csv.QUOTE_ALL, bytes),
                                                   ("\t", "\r\n", csv.QUOTE_NONNUMERIC, gzip.compress),
                                                   ("|", "\r", csv.QUOTE_ALL, bytes)]:
            with self.subTest(delimiter=delimiter, line_end=line_end):
                rows = [[rng.choice(texts), repr(rng.uniform(-1e3, 1e3)), rng.choice(texts), f"{rng.uniform(0, 9):.3e}"]
                        for _ in range(500)]
                text = io.StringIO()
                write = csv.writer(text, delimiter=delimiter, lineterminator=line_end, quoting=csv.QUOTE_ALL)
                write.writerow(["class, of it", "n", "kind", "m"])
                write = csv.writer(text, delimiter=delimiter, lineterminator=line_end, quoting=quoting)
                for row in rows:  # blanks belong to a cell only in quotes, which QUOTE_MINIMAL does not set for them
                    quoted = write if not any(c != c.strip() for c in row) else csv.writer(
                        text, delimiter=delimiter, lineterminator=line_end, quoting=csv.QUOTE_ALL)
                    quoted.writerow(row)
                source = self.path("in.csv")
                with open(source, "wb") as f:
                    f.write(pack(b"\xef\xbb\xbf" + text.getvalue().encode()))
                got = self.done("csv", source, "--target", '"class, of it"', "--categorical", "kind", "--delimiter",
                                {"\t": "tab"}.get(delimiter, delimiter))
                kinds = sorted({row[2] for row in rows}, key=str.encode)
                classes = sorted({row[0] for row in rows}, key=str.encode)
                x, attributes = got["x"]
                self.assertEqual(attributes["feature_names"], ["n", *(f"kind={k}" for k in kinds), "m"])
                want = float32([[row[1], *(row[2] == k for k in kinds), row[3]] for row in rows])
                np.testing.assert_array_equal(x, want)
                y, attributes = got["y"]
                self.assertEqual(attributes, {"class_names": classes})
                self.assertEqual(y.dtype, np.uint8)
                np.testing.assert_array_equal(y, [classes.index(row[0]) for row in rows])

    def test_numbers(self):
        """Every way to write a number, among them those that the quick reader leaves to strtod."""
        rng = random.Random(2)
        cells = ["0", "-0", "+1", ".5", "5.", "1e3", "1E-3", "-2.5e+10", "1e-50", "3.4028234e38", "0.1", "16777217",
                 "123456789012345678901234567890", "0." + "0" * 50 + "1", "  7  ", '"8"']
        cells += [repr(rng.uniform(-1, 1) * 10 ** rng.randint(-30, 30)) for _ in range(2000)]
        source = self.write("in.csv", "a,b\n" + "".join(f"{cell},{i % 7}.5\n" for i, cell in enumerate(cells)))
        got = self.done("csv", source, "--target", "b")
        want = float32([[cell.strip().strip('"')] for cell in cells])
        self.assertEqual(got["x"][0].tobytes(), want.tobytes())
        np.testing.assert_array_equal(got["y"][0], [i % 7 + 0.5 for i in range(len(cells))])

    def test_kinds_of_labels(self):
        rows = [("0", "1", "2.5", "red", "-1", "7"), ("1", "0", "3", "blue", "1", "10"), ("1", "1", "-4", "red", "1", "8")]
        source = self.write("in.csv", "a,b,c,d,e,f,x\n" + "".join(",".join(row) + ",9\n" for row in rows))

        def labels(target, *flags):
            others = [name for name in "abcdef" if name not in target.split(",")]
            y, attributes = self.done("csv", source, "--target", target, "--drop", ",".join(others), *flags)["y"]
            return y.dtype, y.tolist(), attributes

        u8, f32 = np.dtype("u1"), np.dtype("f4")
        for target, flags, want in [
                ("d", (), (u8, [1, 0, 1], {"class_names": ["blue", "red"]})),
                ("a", (), (u8, [0, 1, 1], {"label_names": ["a"]})),
                ("a", ("--labels", "index"), (u8, [0, 1, 1], {"class_names": ["0", "1"]})),
                ("a", ("--labels", "multilabel"), (u8, [[0], [1], [1]], {"label_names": ["a"]})),
                ("a", ("--labels", "target"), (f32, [0, 1, 1], {"target_names": ["a"]})),
                ("b,a", (), (u8, [[0, 1], [1, 0], [1, 1]], {"label_names": ["a", "b"]})),
                ("a,b", ("--labels", "target"), (f32, [[0, 1], [1, 0], [1, 1]], {"target_names": ["a", "b"]})),
                ("c", (), (f32, [2.5, 3, -4], {"target_names": ["c"]})),
                ("a,c", (), (f32, [[0, 2.5], [1, 3], [1, -4]], {"target_names": ["a", "c"]})),
                ("e", ("--labels", "index"), (u8, [0, 1, 1], {"class_names": ["-1", "1"]})),
                ("f", ("--labels", "index"), (u8, [0, 2, 1], {"class_names": ["7", "8", "10"]})),
                ("3", (), (u8, [1, 0, 1], {"class_names": ["blue", "red"]}))]:
            with self.subTest(target=target, flags=flags):
                if target == "3":
                    y, attributes = self.done("csv", source, "--target", "3", *flags)["y"]
                    self.assertEqual((y.dtype, y.tolist(), attributes), want)
                else:
                    self.assertEqual(labels(target, *flags), want)
        self.refused_after("csv", source, "--target", "c,d", says=["'d' is one of 2 targets", "--drop"])
        self.refused_after("csv", source, "--target", "c", "--drop", "d", "--labels", "index",
                           says=["line 2, column 'c': '2.5' is not an integer", "--labels target"])
        self.refused_after("csv", source, "--target", "c", "--drop", "d", "--labels", "multilabel",
                           says=["line 2, column 'c': '2.5' is neither 0 nor 1"])

    def refused_after(self, *arguments, **options):
        os.remove(self.out)
        self.refused(*arguments, **options)
        open(self.out, "w").close()

    def test_many_classes_and_features(self):
        """More than 256 classes take wider labels; more names than an attribute holds become a dataset."""
        names = [f"class {i:04}" for i in range(5000)]
        order = random.Random(3).sample(names, len(names))
        source = self.write("in.csv", "y,k,n\n" + "".join(f"{name},{i},{i}.5\n" for i, name in enumerate(order)))
        got = self.done("csv", source, "--target", "y", "--categorical", "k")
        self.assertEqual(got["y"][0].dtype, np.int64)
        self.assertEqual([text.decode() for text in got["class_names"][0]], names)
        np.testing.assert_array_equal(got["y"][0], [int(name[6:]) for name in order])
        kinds = sorted(str(i) for i in range(5000))
        self.assertEqual([text.decode() for text in got["feature_names"][0]], [*(f"k={k}" for k in kinds), "n"])
        want = np.zeros((5000, 5001), np.float32)
        want[np.arange(5000), [kinds.index(str(i)) for i in range(5000)]] = 1
        want[:, 5000] = np.arange(5000) + 0.5
        np.testing.assert_array_equal(got["x"][0], want)

    def test_rows_longer_than_the_window(self):
        """Rows of a megabyte, a quoted cell of several, and quotes and line ends at every place of the reader's window."""
        wide = 60000
        values = np.random.default_rng(4).normal(size=(3, wide)).astype(np.float32)
        source = self.write("in.csv", "".join(",".join(repr(float(v)) for v in row) + f",{i}.5\n" for i, row in enumerate(values)))
        got = self.done("csv", source, "--target", str(wide))
        np.testing.assert_array_equal(got["x"][0], values)
        self.assertEqual(len(got["feature_names"][0]), wide)
        rows = [(i, 'a "quoted"\r\ntext,' * (i % 40), f"{i}.25") for i in range(20000)]
        rows[10000] = (10000, "x\n" * 2000000, "10000.25")
        with open(source, "w", newline="") as f:
            write = csv.writer(f)
            write.writerow(["n", "text", "y"])
            write.writerows(rows)
        got = self.done("csv", source, "--target", "y", "--drop", "text")
        np.testing.assert_array_equal(got["x"][0][:, 0], np.arange(20000))
        with open(source, "a") as f:
            f.write("1,2,oops\n")
        lines = sum(2 + row[1].count("\n") - 1 for row in rows) + 2
        os.remove(self.out)
        self.refused("csv", source, "--target", "y", "--drop", "text", says=f"line {lines}, column 'y': 'oops'")

    def test_splits(self):
        count = 1003
        source = self.write("in.csv", "i,y\n" + "".join(f"{i},{i}.5\n" for i in range(count)))

        def sides(*flags):
            got = self.done("csv", source, "--target", "y", *flags)
            self.assertEqual(set(got), {"train/x", "train/y", "test/x", "test/y"})
            for side in ("train", "test"):
                np.testing.assert_array_equal(got[f"{side}/x"][0][:, 0] + 0.5, got[f"{side}/y"][0])
                self.assertEqual(got[f"{side}/x"][1], {"feature_names": ["i"]})
                self.assertEqual(got[f"{side}/y"][1], {"target_names": ["y"]})
            return [got[f"{side}/x"][0][:, 0].astype(int).tolist() for side in ("train", "test")]

        train, test = sides("--test-every", "5")
        self.assertEqual(test, [i for i in range(count) if i % 5 == 4])
        self.assertEqual(train, [i for i in range(count) if i % 5 != 4])
        self.assertEqual(sides("--split-at", "1000"), [list(range(1000)), [1000, 1001, 1002]])
        train, test = sides("--split", "0.3")
        self.assertEqual((len(test), sorted(train + test)), (301, list(range(count))))
        self.assertEqual((train, test), (sorted(train), sorted(test)))
        self.assertEqual(sides("--split", "0.3", "--seed", "1"), [train, test])
        _, other = sides("--split", "0.3", "--seed", "2")
        shared = len(set(test) & set(other))
        self.assertTrue(50 < shared < 130, shared)  # 301 * 301 / 1003 = 90, a deviation of 7
        self.assertTrue(100 < sum(i < 501 for i in test) < 200)
        os.remove(self.out)
        for flags in (["--split-at", "1003"], ["--split-at", "5000"], ["--split", "0.0001"], ["--test-every", "1004"]):
            self.refused("csv", source, "--target", "y", *flags, code=2, says="leaves no row for the test set")

    def test_missing(self):
        """Means come from the training rows alone, and the split does not depend on what becomes of missing values."""
        markers = ["", "NA", "nan", "NaN", "?", "null", "N/A", "NULL", '""', '"NA"', "  "]
        rng = np.random.default_rng(5)
        values = rng.normal(size=(400, 3))
        values[rng.random((400, 3)) < 0.2] = np.nan
        target = np.arange(400) + 0.25
        source = self.write("in.csv", "a,b,c,y\n" + "".join(
            ",".join([markers[(3 * i + j) % len(markers)] if np.isnan(v) else repr(float(v)) for j, v in enumerate(row)])
            + f",{target[i]}\n" for i, row in enumerate(values)))
        line, column = next((i + 2, "abc"[j]) for i, j in np.argwhere(np.isnan(values)))
        self.refused("csv", source, "--target", "y", says=[f"line {line}, column '{column}'", "--missing mean", "--missing drop"])
        is_test = np.arange(400) % 4 == 3
        got = self.done("csv", source, "--target", "y", "--missing", "mean", "--test-every", "4")
        self.assertIn(f"filled {np.isnan(values).sum()} missing values", self.said)
        filled = np.where(np.isnan(values), np.nanmean(values[~is_test], axis=0), values).astype(np.float32)
        # A mean summed in another order differs by some 1e-16, so by one float32 step at most where that is a tie.
        np.testing.assert_allclose(got["train/x"][0], filled[~is_test], rtol=1.2e-7, atol=0)
        np.testing.assert_allclose(got["test/x"][0], filled[is_test], rtol=1.2e-7, atol=0)
        got = self.done("csv", source, "--target", "y", "--missing", "drop", "--test-every", "4")
        whole = ~np.isnan(values).any(axis=1)
        self.assertIn(f"dropped {400 - whole.sum()} rows", self.said)
        np.testing.assert_array_equal(got["train/y"][0], target[whole & ~is_test])
        np.testing.assert_array_equal(got["test/x"][0], values[whole & is_test].astype(np.float32))
        os.remove(self.out)
        self.refused("csv", source, "--target", "a", "--missing", "mean", says="a target is missing")

    def test_test_file(self):
        train = self.write("train.csv", "n,k,y\n1,b,no\n,a,yes\n4,b,no\n")
        test = self.write("test.csv", "n,k,y\n9,a,no\n,b,yes\n")
        flags = ["--target", "y", "--categorical", "k", "--missing", "mean", "--test-file"]
        got = self.done("csv", train, *flags, test)
        self.assertEqual(got["train/x"][0].tolist(), [[1, 0, 1], [2.5, 1, 0], [4, 0, 1]])
        self.assertEqual(got["test/x"][0].tolist(), [[9, 1, 0], [2.5, 0, 1]])
        self.assertEqual((got["train/y"][0].tolist(), got["test/y"][0].tolist()), ([0, 1, 0], [0, 1]))
        self.assertEqual(got["test/y"][1], {"class_names": ["no", "yes"]})
        os.remove(self.out)
        for text, parts in [("n,k,y\n9,a,no\n9,c,yes\n", ["test.csv: line 3, column 'k': 'c' does not occur in", "train.csv"]),
                            ("n,k,y\n9,a,maybe\n", ["test.csv: line 2, column 'y': 'maybe' does not occur"]),
                            ("n,y,k\n9,no,a\n", ["column 1 is 'y'", "has 'k'"]), ("n,k,y,z\n9,a,no,1\n", ["has 4 columns where"]),
                            ("n,k,y\n", ["holds no row"])]:
            self.refused("csv", train, *flags, self.write("test.csv", text), says=parts)

    # ---- published sets ----

    def rows(self, path):
        with open(path, newline="") as f:
            return list(csv.reader(f))

    def check_fifths(self, got, x, y):
        is_test = np.arange(len(x)) % 5 == 4
        for side, part in (("train", ~is_test), ("test", is_test)):
            np.testing.assert_array_equal(got[f"{side}/x"][0], x[part])
            np.testing.assert_array_equal(got[f"{side}/y"][0], y[part])

    def test_california_housing(self):
        source = self.published("california-housing/california_housing.csv")
        names, *rows = self.rows(source)
        got = self.done("csv", source, "--target", "medianHouseValue", "--test-every", "5")
        table = float32(rows)
        self.assertEqual(table.shape, (20640, 9))
        self.check_fifths(got, table[:, :8], table[:, 8])
        self.assertEqual(got["train/x"][1]["feature_names"], names[:8])

    def test_housing_with_gaps(self):
        source = self.published("california-housing/housing_with_gaps.csv")
        names, *rows = self.rows(source)
        flags = ["--target", "median_house_value"]
        self.refused("csv", source, *flags, says=["line 2, column 'ocean_proximity': 'NEAR BAY' is not a number", "--categorical"])
        flags += ["--categorical", "ocean_proximity"]
        gap = next(i for i, row in enumerate(rows) if row[4] == "")
        self.refused("csv", source, *flags, says=f"line {gap + 2}, column 'total_bedrooms': a value is missing")
        got = self.done("csv", source, *flags, "--missing", "mean", "--test-every", "5")
        numbers = np.array([[float(cell) if cell else np.nan for cell in row[:9]] for row in rows])
        train = np.arange(len(rows)) % 5 != 4
        kinds = sorted({row[9] for row in rows}, key=str.encode)
        self.assertEqual(len(kinds), 5)
        x = np.where(np.isnan(numbers[:, :8]), np.nanmean(numbers[train, :8], axis=0), numbers[:, :8])
        x = np.hstack([x, [[row[9] == kind for kind in kinds] for row in rows]]).astype(np.float32)
        self.check_fifths(got, x, numbers[:, 8].astype(np.float32))
        self.assertEqual(got["test/x"][1]["feature_names"], names[:8] + [f"ocean_proximity={kind}" for kind in kinds])
        got = self.done("csv", source, *flags, "--missing", "drop")
        whole = ~np.isnan(numbers).any(axis=1)
        self.assertEqual(whole.sum(), 20433)
        np.testing.assert_array_equal(got["x"][0], x[whole])

    def test_energy_efficiency(self):
        source = self.published("energy-efficiency/energy_efficiency.csv")
        table = float32(self.rows(source)[1:])
        got = self.done("csv", source, "--target", "Y1,Y2", "--test-every", "5")
        self.check_fifths(got, table[:, :8], table[:, 8:])
        self.assertEqual(got["train/y"][1], {"target_names": ["Y1", "Y2"]})
        self.assertEqual(len(got["test/y"][0]), 153)
        self.assertRegex(self.inspected, r"(?m)^ +1  Y2 .* 47\.59$")

    def test_letter_recognition(self):
        source = self.published("letter-recognition/letter-recognition.data")
        rows = self.rows(source)
        got = self.done("csv", source, "--target", "0", "--split-at", "16000")
        x, y = float32([row[1:] for row in rows]), np.array([ord(row[0]) - ord("A") for row in rows])
        for side, part in (("train", slice(16000)), ("test", slice(16000, 20000))):
            np.testing.assert_array_equal(got[f"{side}/x"][0], x[part])
            np.testing.assert_array_equal(got[f"{side}/y"][0], y[part])
        self.assertEqual(got["train/y"][1], {"class_names": [chr(ord("A") + k) for k in range(26)]})
        self.assertEqual(got["train/x"][1], {"feature_names": [str(c) for c in range(1, 17)]})


class Arff(Case):
    def test_dense_and_sparse_are_the_same(self):
        dense = self.write("dense.arff", """% a comment
@RELATION 'a name: -C 1'

@Attribute 'first one' REAL
@attribute "it's" Integer  % another
@attribute kind {red, 'dark blue',  "it's", '\\'q\\''}
@attribute\tbit{0,1}
@attribute note string
@attribute class {yes,no}

@DATA
1.5, 2, red, 0, 'some, text', yes
% between
0,0,'dark blue',1,x,no
-3e2\t,7\t,"it's"  ,0  , "", yes
0, 0, red, 0, '%', yes
4,5,'\\'q\\'',1,'\\\\', no
""")
        with open(dense) as f:
            header = f.read().split("@DATA")[0]
        sparse = self.write("sparse.arff", header + """@DATA
{0 1.5, 1 2}
{2 'dark blue', 3 1,4 x,5 no}
{0 -3e2,1 7,2 "it's"}
{ }
{0 4, 1 5, 2 '\\'q\\'', 3 1, 5 no}
""")
        want = [[1.5, 2, 1, 0, 0, 0, 0], [0, 0, 0, 1, 0, 0, 1], [-300, 7, 0, 0, 1, 0, 0], [0, 0, 1, 0, 0, 0, 0],
                [4, 5, 0, 0, 0, 1, 1]]
        for source in (dense, sparse):
            got = self.done("arff", source, "--target", "class", "--drop", "note")
            self.assertEqual(got["x"][0].tolist(), want)
            self.assertEqual(got["x"][1]["feature_names"], ["first one", "it's", "kind=red", "kind=dark blue", "kind=it's",
                                                            "kind='q'", "bit"])
            self.assertEqual(got["y"][0].tolist(), [0, 1, 0, 0, 1])
            self.assertEqual(got["y"][1], {"class_names": ["yes", "no"]})
        got = self.done("arff", dense, "--target", "first one", "--drop", "note,kind")
        self.assertEqual(got["y"][0].tolist(), [1.5, 0, -300, 0, 4])
        got = self.done("arff", dense, "--target", "bit", "--drop", "note")
        self.assertEqual((got["y"][0].tolist(), got["y"][1]), ([0, 1, 0, 0, 1], {"label_names": ["bit"]}))
        got = self.done("arff", dense, "--target", "bit", "--drop", "note", "--labels", "index")
        self.assertEqual((got["y"][0].tolist(), got["y"][1]), ([0, 1, 0, 0, 1], {"class_names": ["0", "1"]}))

    def test_labels(self):
        source = self.write("in.arff", "@relation r\n@attribute 'a & b' {0,1}\n@attribute n numeric\n@attribute l2 {1,0}\n"
                                       "@attribute m numeric\n@attribute 'ü' {0,1}\n@data\n1,2,1,4,0\n0,3,0,6,1\n")
        xml = self.write("labels.xml", '<?xml version="1.0"?>\n<!-- <label name="no"/> --><labels xmlns="x">\n'
                                       "<label name=\"&#252;\"><label name='a &amp; b'/></label ></labels>")
        got = self.done("arff", source, "--labels-xml", xml)
        self.assertEqual(got["y"][0].tolist(), [[1, 0], [0, 1]])
        self.assertEqual(got["y"][1], {"label_names": ["a & b", "ü"]})
        self.assertEqual(got["x"][0].tolist(), [[2, 1, 4], [3, 0, 6]])
        self.assertEqual(got["x"][1]["feature_names"], ["n", "l2", "m"])
        got = self.done("arff", source, "--label-count", "1")
        self.assertEqual((got["y"][0].tolist(), got["y"][1]), ([[0], [1]], {"label_names": ["ü"]}))
        got = self.done("arff", source, "--label-count", "-1")
        self.assertEqual((got["y"][0].tolist(), got["y"][1]), ([[1], [0]], {"label_names": ["a & b"]}))
        os.remove(self.out)
        self.refused("arff", source, "--label-count", "2", says="line 8, column 'm': '4' is neither 0 nor 1")
        self.refused("arff", source, "--label-count", "5", code=2, says="only 5 attributes")
        for text, part in [("<labels/>", "holds no label"), ("<label name='x'/>", "'x' is the name of no attribute"),
                           ("<label nam='n'/>", "no readable name"), ("<label name='n", "no readable name"),
                           ("<label name='n'/><label name='n'/>", "there twice"), ("<label name='&nope;'/>", "no readable name")]:
            self.refused("arff", source, "--labels-xml", self.write("labels.xml", text), says=part)

    def mulan(self, folder, count):
        """The published pair of files, read by a few lines of Python."""
        def read(split):
            with open(os.path.join(DATA, folder, f"{folder}-{split}.arff")) as f:
                lines = f.read().splitlines()
            start = lines.index("@data")
            names = [line.split()[1] for line in lines[:start] if line.startswith("@attribute")]
            table = float32([line.split(",") for line in lines[start + 1:] if line])
            return names, table[:, :-count], table[:, -count:]

        train, test, xml = self.published(*(f"{folder}/{folder}{end}" for end in ("-train.arff", "-test.arff", ".xml")))
        for flags in (["--labels-xml", xml], ["--label-count", str(count)]):
            got = self.done("arff", train, "--test-file", test, *flags)
            for split in ("train", "test"):
                names, x, y = read(split)
                np.testing.assert_array_equal(got[f"{split}/x"][0], x)
                np.testing.assert_array_equal(got[f"{split}/y"][0], y)
                self.assertEqual(got[f"{split}/x"][1]["feature_names"], names[:-count])
                self.assertEqual(got[f"{split}/y"][1]["label_names"], names[-count:])
        return got

    def test_yeast(self):
        """Its list of labels has another order than its columns, which is the one that counts."""
        got = self.mulan("yeast", 14)
        self.assertEqual(got["test/y"][0].sum(axis=0, dtype=int).tolist(),
                         [286, 393, 385, 330, 281, 219, 167, 191, 80, 92, 91, 688, 683, 13])
        self.assertRegex(self.inspected, r"(?m)^ +0  Class1 +286 ")

    def test_scene(self):
        got = self.mulan("scene", 6)
        self.assertEqual(got["test/y"][0].sum(axis=0, dtype=int).tolist(), [200, 199, 200, 237, 256, 207])


class CommandLine(Case):
    def test_flags(self):
        source = self.write("in.csv", "a,b,c\n1,2,x\n3,4,y\n")
        arff = self.write("in.arff", "@relation r\n@attribute a numeric\n@attribute b {0,1}\n@data\n1,0\n2,1\n")
        for kind, path, flags, says in [
                ("csv", source, [], "--target COLUMNS"), ("arff", arff, [], "--labels-xml FILE"),
                ("csv", source, ["--target", "c", "--label-count", "1"], "'convert csv' does not take --label-count"),
                ("arff", arff, ["--target", "b", "--header", "no"], "'convert arff' does not take --header"),
                ("csv", source, ["--target", "c", "--class-names", "a"], "does not take --class-names"),
                ("csv", source, ["--target", "d"], "no column 'd'; there are 3: a, b, c"),
                ("csv", source, ["--target", "3"], "no column '3'"), ("csv", source, ["--target", "a,,b"], "an entry is empty"),
                ("csv", source, ["--target", '"a'], "never closed"), ("csv", source, ["--target", "c,c"], "'c' twice"),
                ("csv", source, ["--target", "c", "--drop", "2"], "'c' is named by --target and by --drop"),
                ("csv", source, ["--target", "c", "--drop", "a,b"], "no column is left for the features"),
                ("csv", source, ["--target", "c", "--missing", "none"], "--missing: 'none' is not one of error, mean, drop"),
                ("csv", source, ["--target", "c", "--labels", "x"], "auto, index, multilabel, target"),
                ("csv", source, ["--target", "c", "--delimiter", "x"], "--delimiter: 'x' is not one of"),
                ("csv", source, ["--target", "c", "--delimiter", ";"], "has only one column"),
                ("csv", source, ["--target", "c", "--split", "0.5", "--split-at", "1"], "use only one of them"),
                ("csv", source, ["--target", "c", "--seed", "1"], "--seed needs --split"),
                ("csv", source, ["--target", "c", "--split", "1"], "between 0 and 1"),
                ("csv", source, ["--target", "c", "--split", "x"], "--split: 'x' is not a number"),
                ("csv", source, ["--target", "c", "--test-every", "1"], "less than 2"),
                ("arff", arff, ["--target", "b", "--label-count", "1"], "one of --target"),
                ("arff", arff, ["--label-count", "0"], "selects no label"),
                ("arff", arff, ["--label-count", "1", "--labels", "index"], "labels of 0 and 1")]:
            with self.subTest(flags=flags):
                self.refused(kind, path, *flags, code=2, says=says)
        self.refused("cvs", source, "--target", "c", code=2, says="did you mean 'csv'?")
        process = harness.run(["convert", "csv", source, "--target", "c"])
        self.assertEqual(process.returncode, 2)
        self.assertIn("usage: ddp_train convert csv IN.csv OUT.h5", process.stderr)
        self.done("csv", source, "--target", "c")
        self.assertIn("exists already", self.convert("csv", source, "--target", "c", force=False).stderr)
        process = harness.run(["convert", "csv", source, source, "--target", "c", "--force"])
        self.assertEqual(process.returncode, 2)
        self.assertIn("is the input", process.stderr)

    def test_help_has_every_flag_and_its_examples_work(self):
        text = harness.run(["convert", "--help"]).stdout
        for flag in ("target", "labels", "categorical", "drop", "missing", "split", "seed", "split-at", "test-every", "test-file",
                     "header", "delimiter", "labels-xml", "label-count", "class-names", "force"):
            self.assertRegex(text, rf"(?m)^ +--{flag}\b")
        examples = re.findall(r"(?m)^ +ddp_train (convert .*)$", text)
        self.assertEqual({example.split()[1] for example in examples}, {"idx", "csv", "arff"})
        self.write("houses.csv", "rooms,town,price\n3,A,1.5\n,B,2.5\n4,A,3\n5,B,4\n6,A,5\n")
        self.write("letters.csv", "A;1;2\nB;3;4\nA;5;6\n")
        for split in ("train", "test"):
            self.write(f"genes-{split}.arff", "@relation r\n@attribute a numeric\n@attribute b {0,1}\n@attribute c {0,1}\n"
                                              "@data\n1,0,1\n2,1,0\n")
        self.write("genes.xml", "<labels><label name='b'/><label name='c'/></labels>")
        self.write("flowers.arff", "@relation r\n@attribute a numeric\n@attribute species {x,y}\n@data\n" + "1,x\n2,y\n" * 9)
        for example in examples:
            arguments = shlex.split(example)
            if arguments[1] == "idx":
                continue
            process = harness.run(arguments, cwd=self.folder)
            self.assertEqual(process.returncode, 0, f"{example}\n{process.stderr}")


if __name__ == "__main__":
    unittest.main()
