"""Files as people really have them: each case makes one of a kind that once fell short, and says what a user may expect."""
import os
import struct
import sys
import unittest

import h5py
import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import harness  # noqa: E402

CONFIG = """\
data: {{train: {train}{more}}}
model: {{layers: [flatten, {{linear: {outputs}}}]}}
loss: {{name: {loss}}}
train: {{epochs: 1, batch: 20, virtual_ranks: 4}}
"""


class Wild(harness.Case):
    def setUp(self):
        super().setUp()
        rng = np.random.default_rng(5)
        self.x = rng.normal(size=(60, 4)).astype(np.float32)
        self.y = rng.integers(0, 3, 60)
        self.file = self.path("set.h5")

    def put(self, _name="set.h5", **sets):
        with h5py.File(self.path(_name), "w") as f:
            for name, values in sets.items():
                f[name.replace("__", "/")] = values
        return self.path(_name)

    def config(self, more="", loss="cross_entropy", outputs=3, train=None):
        return self.write("c.yaml", CONFIG.format(train=train or self.file, more=more, loss=loss, outputs=outputs))

    def hash(self, *flags, more="", loss="cross_entropy", outputs=3, train=None):
        run = self.train(self.config(more, loss, outputs, train), flags=flags)
        self.output = run.process.stdout + run.process.stderr
        self.run_ = run
        return run.done["weights_hash"]

    def fails(self, *parts, more="", loss="cross_entropy"):
        process = harness.run(["train", self.config(more, loss), "-o", self.path("no")])
        lines = harness.error_lines(process.stderr)
        self.assertEqual((process.returncode, len(lines)), (3, 1), process.stderr)
        for part in parts:
            self.assertIn(part, lines[0])

    def tool(self, *arguments, code=0, variables=None):
        process = harness.run(list(arguments), variables=variables)
        self.assertEqual(process.returncode, code, process.stdout + process.stderr)
        return process.stdout + process.stderr

    # 2: classes as whole-number floats
    def test_float_classes(self):
        self.put(x=self.x, y=self.y)
        expected = self.hash()
        for kind in (np.float32, np.float64):
            for shape in ((60,), (60, 1)):
                self.put(x=self.x, y=self.y.astype(kind).reshape(shape))
                self.assertEqual(self.hash(), expected)
                self.assertIn("index", self.output)
                self.assertEqual(self.hash(more=", labels: index"), expected)
        y = self.y.astype(np.float64)
        y[17] = 1.5
        self.put(x=self.x, y=y)
        self.fails("sample 17 has label 1.5")

    def test_float_values_stay_values(self):
        """A loss of real values takes whole-number floats as values."""
        self.put(x=self.x, y=self.y.astype(np.float32))
        self.hash(loss="mse", outputs=1)
        self.assertIn(": target", self.output)

    # 3: names that differ between files
    def test_names_of_each_file(self):
        train = self.put("train.h5", train_set_x=self.x, train_set_y=self.y)
        test = self.put("test.h5", test_set_x=self.x[:30], test_set_y=self.y[:30], w=np.ones(30))
        more = f", x: train_set_x, y: train_set_y, val: {test}, val_x: test_set_x, val_y: test_set_y"
        self.hash(more=more, train=train)
        final = self.run_.final
        named = self.tool("eval", final, "--data", test, "--x", "test_set_x", "--y", "test_set_y")
        self.assertIn("of 30)", named)
        variables = {"DDP_TRAIN_DATA_X": "test_set_x", "DDP_TRAIN_DATA_Y": "test_set_y", "DDP_TRAIN_OPTIM_LR": "3"}
        by_variable = self.tool("eval", final, "--data", test, variables=variables)
        self.assertIn("DDP_TRAIN_OPTIM_LR is not used by eval", by_variable)
        self.assertIn(named.splitlines()[0], by_variable)
        self.tool("predict", final, "--data", test, "--x", "test_set_x", "--y", "test_set_y", "--out", self.path("p.h5"))
        with h5py.File(self.path("p.h5")) as f:
            np.testing.assert_array_equal(f["labels"][()], self.y[:30])
        shown = self.tool("inspect", test, "--x", "test_set_x", "--y", "test_set_y", "--weights", "w")
        self.assertIn("samples 30 of 4", shown)
        self.assertIn("weights  mean 1", shown)

    # 4: axes of length 1
    def test_axes_of_length_one(self):
        self.put(x=self.x, y=self.y)
        expected = self.hash()
        for shape in ((60, 1, 1), (1, 60), (1, 60, 1)):
            self.put(x=self.x, y=self.y.reshape(shape))
            self.assertEqual(self.hash(), expected, shape)
        self.put(x=self.x[7::2], y=self.y[7::2])
        expected = self.hash()
        for kind in (np.int64, np.uint64, np.float64):  # a part of a row
            self.put(x=self.x, y=self.y.reshape(1, 60).astype(kind))
            self.assertEqual(self.hash(train=f'"{self.file}[7::2]"'), expected)
        onehot = np.eye(3, dtype=np.float32)[self.y]
        self.put(x=self.x, y=onehot)
        expected = self.hash()
        self.put(x=self.x, y=onehot[:, None])
        self.assertEqual(self.hash(), expected)

    def test_transposed_table(self):
        self.put(x=self.x.T, y=self.y)
        self.fails("set.h5: y: has 60 rows", "transpose")

    # 7: predict does not need labels
    def test_predict_leaves_labels_aside(self):
        self.put(x=self.x, y=self.y)
        self.hash()
        final = self.run_.final
        for y in (np.linspace(0, 1, 60), self.y + 7, np.zeros((60, 5, 2))):
            data = self.put("new.h5", x=self.x, y=y)
            said = self.tool("predict", final, "--data", data, "--out", self.path("p.h5"), "--force")
            self.assertIn("labels are left aside: ", said)
            with h5py.File(self.path("p.h5")) as f:
                self.assertEqual(f["logits"].shape, (60, 3))
                self.assertNotIn("labels", f)
        said = self.tool("predict", final, "--data", self.file, "--out", self.path("p.h5"), "--force", "--y", "none")
        self.assertNotIn("left aside", said)
        with h5py.File(self.path("p.h5")) as f:
            self.assertNotIn("labels", f)

    # 11: inspect of unusual names
    def test_inspect_hints(self):
        self.put(spectra=self.x, kind=self.y)
        self.assertIn("--x spectra --y kind", self.tool("inspect", self.file))
        self.assertIn("classes 3", self.tool("inspect", self.file, "--x", "spectra", "--y", "kind"))
        self.put(first=self.x, second=self.x[:, :2], third=self.x[:, :1])
        self.assertIn("--x first --y second", self.tool("inspect", self.file))
        self.put(x=self.x, target=self.y)
        self.assertIn("classes 3", self.tool("inspect", self.file))

    def test_inspect_many(self):
        for i in range(3):
            with h5py.File(self.put(f"p{i}.h5", x=self.x[20 * i:20 * i + 20], y=self.y[20 * i:20 * i + 20]), "a") as f:
                f["y"].attrs["class_names"] = ["cat", "dog", "cat"]
        self.assertIn("samples 60 of 4", self.tool("inspect", self.path("p*.h5")))
        self.assertEqual(self.tool("inspect", self.path("p*.h5")).count("several classes are called 'cat'"), 1)
        self.hash(more=", store: window", train=f'"{self.path("p*.h5")}"')
        self.assertEqual(self.output.count("several classes are called 'cat'"), 1)

    # 14: names of classes
    def test_class_names(self):
        self.put(x=self.x, y=self.y)
        with h5py.File(self.file, "a") as f:
            f["y"].attrs["class_names"] = ["a", "b"]
        self.hash()
        self.assertIn("class_names: the data have 2 names for 3 classes", self.output)
        with h5py.File(self.file, "a") as f:
            f["y"].attrs["class_names"] = ["cat", "dog", "cat"]
        self.hash()
        self.assertIn("several classes are called 'cat'", self.output)
        with h5py.File(self.run_.final) as f:
            self.assertEqual([n.decode() for n in f["class_names"][()]], ["cat", "dog", "cat (2)"])

    def test_numbers_of_class_names(self):
        """'cat (2)' is there already, so the second cat has the next number."""
        names = ["cat", "cat", "cat (2)", "cat"]
        self.put(x=self.x, y=np.arange(60) % 4, class_names=np.array(names, dtype="S8"))
        self.hash(outputs=4)
        with h5py.File(self.run_.final) as f:
            self.assertEqual([n.decode() for n in f["class_names"][()]], ["cat", "cat (3)", "cat (2)", "cat (4)"])

    # 16: time for one file
    def test_time_limit_without_a_configuration(self):
        self.put(x=self.x, y=self.y)
        self.assertNotIn("is not used", self.tool("inspect", self.file, variables={"DDP_TRAIN_DATA_TIME_LIMIT": "20"}))
        said = self.tool("inspect", self.file, variables={"DDP_TRAIN_DATA_TIME_LIMIT": "0"}, code=2)
        self.assertIn("DDP_TRAIN_DATA_TIME_LIMIT is '0', not a whole number from 1 to 250", said)

    # 6: booleans of PyTables, tables with named columns
    def put_bits(self, name, values, kind, native):
        """Values as a bit field, which is how PyTables stores booleans."""
        with h5py.File(self.file, "a") as f:
            space = h5py.h5s.create_simple(values.shape)
            data = h5py.h5d.create(f.id, name.encode(), kind, space)
            data.write(h5py.h5s.ALL, h5py.h5s.ALL, np.ascontiguousarray(values), mtype=native)

    def test_bit_fields(self):
        x, flag = (self.x > 0).astype(np.uint8), (self.y == 1).astype(np.uint8)
        t = h5py.h5t
        self.put(x=x, y=flag)
        expected = self.hash(outputs=2)
        part = self.hash(outputs=2, train=f'"{self.file}[5::2]"')
        values = self.hash(loss="mse", outputs=1)
        for kind in (t.STD_B8LE, t.STD_B8BE):
            self.put()
            self.put_bits("x", x, kind, t.NATIVE_B8)
            self.put_bits("y", flag, kind, t.NATIVE_B8)
            self.assertEqual(self.hash(outputs=2), expected)
            self.assertEqual(self.hash(outputs=2, train=f'"{self.file}[5::2]"'), part)
            self.assertEqual(self.hash(loss="mse", outputs=1), values)
        self.assertRegex(self.tool("inspect", self.file), r"(?m)^  y +bits8 +\(60,\)")
        masks = np.arange(240, dtype=np.uint16).reshape(60, 4) * 211
        self.put(x=masks, y=flag)
        expected = self.hash(outputs=2)
        for kind in (t.STD_B16LE, t.STD_B16BE, t.STD_B32BE, t.STD_B64LE):
            self.put(y=flag)
            self.put_bits("x", masks, kind, t.NATIVE_B16)
            self.assertEqual(self.hash(outputs=2), expected)

    def table_of(self, *columns):
        """A structured array of (name, type, values)."""
        table = np.zeros(60, [(name, *kind) if isinstance(kind, tuple) else (name, kind) for name, kind, _ in columns])
        for name, _, values in columns:
            table[name] = values
        return table

    def test_table_columns(self):
        """Columns of a table are features, labels and weights, among them booleans and columns of several numbers."""
        weights = np.linspace(0.5, 2, 60)
        self.put(x=self.x, y=self.y, w=weights)
        expected, part = self.hash(more=", weights: w"), self.hash(train=f'"{self.file}[5:50:2]"')
        table = self.table_of(("index", "i8", np.arange(60)), ("values_block_0", ("<f8", (4,)), self.x), ("name", "S6", "sample"),
                              ("kind", ">i2", self.y), ("weight", "f8", weights), ("flag", "?", self.y == 1))
        for options in ({}, {"chunks": (7,), "compression": "gzip"}):
            with h5py.File(self.file, "w") as f:
                f.create_dataset("df/table", data=table, **options)
            names = ", x: df/table/values_block_0, y: df/table/kind"
            self.assertEqual(self.hash(more=names + ", weights: df/table/weight"), expected)
            self.assertEqual(self.hash(more=names, train=f'"{self.file}[5:50:2]"'), part)
            self.assertEqual(self.hash(more=", x: table/values_block_0, y: table/kind, weights: table/weight",
                                       train=f'"{self.file}:df"'), expected)
        self.assertIn("classes 3", self.tool("inspect", self.file, "--x", "df/table/values_block_0", "--y", "df/table/kind"))
        self.assertIn("classes 2", self.tool("inspect", self.file, "--x", "df/table/values_block_0", "--y", "df/table/flag"))
        shown = self.tool("inspect", self.file)
        self.assertRegex(shown, r"(?m)^  df/table +table +\(60,\)")
        self.assertRegex(shown, r"(?m)^  df/table/values_block_0 +float64 +\(60, 4\) +\(7, 4\) +gzip level 4")
        names = ", x: df/table/values_block_0, y: df/table"
        self.fails("df/table/name: holds text; store a number for each text", more=names + "/name")
        self.fails("df/table: is a table; name one of its columns", more=names)
        self.fails("no labels in the root (looked for df/table/class)", "df/table/kind (60,) int16", more=names + "/class")

    def test_table_in_pieces(self):
        """Rows of a table that are read in several pieces; a single number a row, and numbers that are too large."""
        x = np.arange(3 * 70000 * 4, dtype=np.float32).reshape(3, 70000 * 4) % 101
        table = np.zeros(3, [("a", "u1"), ("x", "<f4", (70000 * 4,)), ("big", "u8")])
        table["x"], table["a"], table["big"] = x, [0, 1, 0], [1, 2**63, 0]
        self.put(x=x, y=np.array([0, 1, 0]))
        names = ("--x", "t/x", "--y", "t/a")
        expected = self.tool("inspect", self.file).split("samples")[1]
        with h5py.File(self.file, "w") as f:
            f["t"] = table
        self.assertEqual(self.tool("inspect", self.file, *names).split("samples")[1], expected)
        self.assertIn("row 1 holds 9223372036854775808, which is too large", self.tool("inspect", self.file, "--x", "t/x", "--y", "t/big"))
        with h5py.File(self.file, "w") as f:
            f["t"] = np.zeros(2, [("a", "u1"), ("x", "<f8", (1 << 21,))])
        self.assertIn("has rows of more than 4194304 bytes in a table", self.tool("inspect", self.file, *names))

    def test_damaged_table(self):
        """Rows that seem to be larger than what the description of a type can say, and so than what is checked."""
        with h5py.File(self.file, "w") as f:
            f["t"] = np.zeros(2, [("a", "u1"), ("x", "<i2", (3, 5, 7))])
        with open(self.file, "r+b") as f:
            f.seek(f.read().index(struct.pack("<III", 3, 5, 7)))
            f.write(struct.pack("<III", 2**30, 2**30, 2))
        shown = self.tool("inspect", self.file, "--x", "t/x", "--y", "t/a")
        self.assertIn("problem: set.h5: t: has elements of more than 2147483647 bytes", shown.replace(self.folder + "/", ""))

    def test_empty_variable(self):
        """A variable that is empty names nothing."""
        self.put(x=self.x, y=self.y)
        self.assertEqual(self.tool("inspect", self.file, variables={"DDP_TRAIN_DATA_X": "", "DDP_TRAIN_DATA_Y": ""}),
                         self.tool("inspect", self.file))

    # 15: small things
    def test_version(self):
        said = self.tool("version")
        self.assertRegex(said, r"HDF5 +1\.\d+\.\d+\n")
        self.assertRegex(said, r"MPI +\S+")

    # 5: written by a newer HDF5
    def test_newer_format(self):
        """A version number of the file's first bytes that no library knows yet."""
        with h5py.File(self.file, "w", libver="latest") as f:
            f["x"], f["y"] = self.x, self.y
        with open(self.file, "r+b") as f:
            f.seek(8)
            f.write(b"\x09")
        self.fails("set.h5: was written by a newer HDF5 than this program's 1.")

    def test_newer_data_set(self):
        """One data set in a format that no library knows yet, beside good ones: these stay listed and usable."""
        self.put(x=self.x, y=self.y)
        expected = self.hash()
        with h5py.File(self.file, "w", libver="latest") as f:
            f["x"], f["y"], f["a/b/new"], f["a/c"] = self.x, self.y, np.arange(5.0), np.arange(4)
            f["a/b/top"] = f["/"]  # a circle
            address = h5py.h5o.get_info(f["a/b/new"].id).addr
        with open(self.file, "r+b") as f:
            f.seek(address)
            self.assertEqual(f.read(5), b"OHDR\x02")
            f.seek(address + 4)
            f.write(b"\x09")
        shown = self.tool("inspect", self.file)
        self.assertRegex(shown, r"(?m)^  a/b/new .*a/b/new: was written by a newer HDF5 than")
        self.assertRegex(shown, r"(?m)^  a/c +int64 +\(4,\)")
        self.assertIn("samples 60 of 4", shown)
        self.assertEqual(self.hash(), expected)

    def test_filters(self):
        with h5py.File(self.file, "w") as f:
            f.create_dataset("x", data=self.x, compression="gzip", compression_opts=4, shuffle=True)
            f["y"] = self.y
            f["nothing"] = h5py.Empty("f")
        shown = self.tool("inspect", self.file)
        self.assertIn("shuffle, gzip level 4", shown)
        self.assertRegex(shown, "(?m)^  nothing .*(null dataspace|empty)")

    # 10, 12, 13: tables
    def convert(self, text, *flags, code=0):
        source = self.write("t.csv", text)
        return self.tool("convert", "csv", source, self.file, "--force", "--target", "kind", *flags, code=code)

    def table(self):
        with h5py.File(self.file) as f:
            return f["x"][()].tolist(), f["y"][()].tolist()

    def test_delimiters(self):
        rows = [["a", "b", "kind"], ["1", "2.5", "u"], ["-3", "4", "v"]]
        expected = ([[1, 2.5], [-3, 4]], [0, 1])
        for delimiter in (",", ";", "|", "\t", "  ", " \t "):
            self.convert("\n".join(delimiter.join(row) for row in rows) + "\n")
            self.assertEqual(self.table(), expected, repr(delimiter))
        aligned = "  a     b  kind\n  1   2.5     u  \n -3     4     v"
        for flags in ((), ("--delimiter", "blanks")):
            self.convert(aligned, *flags)
            self.assertEqual(self.table(), expected)

    def test_trailing_delimiter(self):
        said = self.convert("a,b,kind,\n1,2,u,\n3,4,v,\n")
        self.assertEqual(said.count("ends with a delimiter"), 1)
        self.assertEqual(self.table(), ([[1, 2], [3, 4]], [0, 1]))
        self.convert("a,b,kind,\n1,2,u,\n3,4,v\n")
        self.assertEqual(self.table(), ([[1, 2], [3, 4]], [0, 1]))
        self.assertIn("line 3: has a value in the last column", self.convert("a,b,kind,\n1,2,u,\n3,4,v,9\n", code=3))
        self.convert("a,b,kind,\n1,2,u,5\n3,4,v,6\n")
        self.assertEqual(self.table(), ([[1, 2, 5], [3, 4, 6]], [0, 1]))

    def test_booleans_and_signs(self):
        self.convert("a,b,kind\nTrue,2,u\nFalse,4,v\n")
        self.assertEqual(self.table(), ([[1, 2], [0, 4]], [0, 1]))
        self.convert("a,b,kind\n1,2,-1\n3,4,1\n", "--labels", "multilabel")
        self.assertEqual(self.table(), ([[1, 2], [3, 4]], [[0], [1]]))
        self.assertIn("a label is 0 or 1, or -1 or 1",
                      self.convert("a,b,kind\n1,2,-1\n3,4,0\n", "--labels", "multilabel", code=3))

    def test_missing_words(self):
        for word in ("None", "<NA>", "#N/A", "NA", ""):
            self.convert(f"a,b,kind\n1,{word},u\n3,4,v\n", "--missing", "mean")
            self.assertEqual(self.table(), ([[1, 4], [3, 4]], [0, 1]), word)
        self.assertIn("'-' is not a number", self.convert("a,b,kind\n1,-,u\n3,4,v\n", "--missing", "mean", code=3))
        self.convert("a,b,kind\n-999,-,u\n3,4,v\n", "--missing", "mean", "--na", "-,-999")
        self.assertEqual(self.table(), ([[3, 4], [3, 4]], [0, 1]))


if __name__ == "__main__":
    unittest.main()
