"""One sample an object of a group (data.samples: objects): the same bits as the same samples in one array; labels as attributes, as
data sets of the object's group, or in a CSV file (data.index); one bad object among many is named."""
import os
import sys
import unittest

import h5py
import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import harness  # noqa: E402

CONFIG = """\
data: {{train: {train}{more}}}
model: {{layers: [flatten, {{linear: 8}}, relu, {{linear: 3}}]}}
loss: {{name: cross_entropy}}
train: {{epochs: 2, batch: 24, virtual_ranks: 8}}
"""
OBJECTS = ", samples: objects"


class Objects(harness.Case):
    def setUp(self):
        super().setUp()
        rng = np.random.default_rng(3)
        self.x = rng.integers(0, 256, (71, 5, 7), dtype=np.uint8)
        self.y = rng.integers(0, 3, 71)
        self.names = [f"img{i}" for i in range(71)]  # img10 comes before img2
        order = sorted(range(71), key=lambda i: self.names[i].encode())
        self.names = [self.names[i] for i in order]
        self.file = self.path("set.h5")
        self.put_whole()

    def put_whole(self, **more):
        with h5py.File(self.path("whole.h5"), "w") as f:
            f["x"], f["y"] = self.x, self.y
            for name, values in more.items():
                f[name] = values

    def put(self, label="label", file=None, part=slice(None), **options):
        """A data set for each sample, written in an order of its own, the label as an attribute."""
        numbers = range(*part.indices(71))
        with h5py.File(file or self.file, "w") as f:
            for i in reversed(numbers):
                d = f.create_dataset(f"g/{self.names[i]}", data=self.x[i], **options)
                if label:
                    d.attrs[label] = self.y[i]
        return file or self.file

    def config(self, train, more=OBJECTS):
        return self.write("c.yaml", CONFIG.format(train=train, more=more))

    def fit(self, train, more=OBJECTS, ranks=None, flags=()):
        return self.train(self.config(train, more), ranks, flags)

    def whole(self, more=""):
        return self.fit(self.path("whole.h5"), more)

    def fails(self, *parts, train=None, more=OBJECTS, code=3):
        process = harness.run(["train", self.config(train or f'"{self.file}:g"', more), "-o", self.path("no")])
        lines = harness.error_lines(process.stderr)
        self.assertEqual((process.returncode, len(lines)), (code, 1), process.stderr)
        for part in parts:
            self.assertIn(part, lines[0])
        self.assertFalse(os.path.exists(self.path("no")))

    def tool(self, *arguments, code=0):
        process = harness.run(list(arguments), cwd=self.folder)
        self.assertEqual(process.returncode, code, process.stdout + process.stderr)
        return process.stdout + process.stderr

    def test_same_as_one_array(self):
        self.put()
        one = self.whole()
        for ranks in (1, 2, 3, 5):
            self.same(one, self.fit(f'"{self.file}:g"', ranks=ranks))
        self.same(self.fit(f'"{self.path("whole.h5")}[3:60:2]"', ""), self.fit(f'"{self.file}:g[3:60:2]"'))

    def test_every_store(self):
        self.put(chunks=(3, 7), compression="gzip")
        for store in ("cluster", "scratch", "window"):
            more = f", store: {store}"
            self.same(self.whole(more), self.fit(f'"{self.file}:g"', OBJECTS + more, ranks=2))

    def test_groups(self):
        """A group for each sample, with features, label and weight inside, beside names of classes."""
        weights = np.linspace(0.5, 2, 71)
        self.put_whole(w=weights, class_names=["a", "b", "c"])
        with h5py.File(self.file, "w") as f:
            f["class_names"] = ["a", "b", "c"]
            for i, name in enumerate(self.names):
                f[f"{name}/image"], f[f"{name}/kind"] = self.x[i], self.y[i:i + 1] if i % 2 else self.y[i]
                f[name].attrs["w"] = weights[i]
        one = self.whole(", weights: w")
        run = self.fit(self.file, OBJECTS + ", x: image, y: kind, weights: w", ranks=2)
        self.same(one, run)
        with h5py.File(run.final) as f:
            self.assertEqual([n.decode() for n in f["class_names"][()]], ["a", "b", "c"])
        self.fails("img0: is a group without features", train=self.file, more=OBJECTS + ", x: picture")

    def test_many_files(self):
        for i, part in enumerate((slice(0, 30), slice(30, 31), slice(31, 71))):
            self.put(file=self.path(f"p{i}.h5"), part=part)
        one, pattern = self.whole(), f'"{self.path("p*.h5")}:g"'
        self.same(one, self.fit(pattern, ranks=3))
        self.same(self.whole(", store: window"), self.fit(pattern, OBJECTS + ", store: window", ranks=2))

    def test_types_that_fit(self):
        """uint8 beside float32, integers beside whole-number floats: as if all were floats."""
        with h5py.File(self.path("whole.h5"), "w") as f:
            f["x"], f["y"] = self.x.astype(np.float32), self.y
        self.put()
        with h5py.File(self.file, "a") as f:
            f["g/img7"].attrs["label"] = float(f["g/img7"].attrs["label"])
            f["g/img8"].attrs["label"] = np.array([f["g/img8"].attrs["label"]], ">i2")
            label, x = f["g/img9"].attrs["label"], f["g/img9"][()]
            del f["g/img9"]
            f["g/img9"] = x.astype(">f8")
            f["g/img9"].attrs["label"] = label
        self.same(self.whole(), self.fit(f'"{self.file}:g"'))

    def test_channels_last(self):
        x = np.random.default_rng(4).normal(size=(71, 2, 3, 4)).astype(np.float32)
        with h5py.File(self.path("whole.h5"), "w") as f, h5py.File(self.file, "w") as g:
            f["x"], f["y"] = x, self.y
            for i, name in enumerate(self.names):
                g[f"g/{name}"] = x[i].transpose(1, 2, 0)
                g[f"g/{name}"].attrs.update(label=self.y[i], layout="NHWC")
        self.same(self.whole(), self.fit(f'"{self.file}:g"', ranks=2))
        with h5py.File(self.file, "a") as g:
            del g["g/img30"].attrs["layout"]
        self.fails("set.h5: g/img30: has another layout than img0")

    def test_commands(self):
        self.put()
        self.assertIn("if every data set of a group is a sample: --samples objects", self.tool("inspect", self.file))
        final = self.whole().final
        data = f"{self.file}:g"
        shown = self.tool("inspect", data, "--samples", "objects")
        self.assertIn("samples 71 of 1 x 5 x 7", shown)
        self.assertIn("classes 3", shown)
        by_array = self.tool("eval", final, "--data", self.path("whole.h5"))
        self.assertEqual(by_array, self.tool("eval", final, "--data", data, "--samples", "objects"))
        for file, kind in (("whole.h5", "axis"), ("set.h5:g", "objects")):
            self.tool("predict", final, "--data", self.path(file), "--samples", kind, "--out", self.path(f"{kind}.h5"))
        with h5py.File(self.path("axis.h5")) as a, h5py.File(self.path("objects.h5")) as b:
            for name in ("logits", "labels"):
                self.assertEqual(a[name][()].tobytes(), b[name][()].tobytes())
        self.assertIn("71 samples of 1 x 5 x 7", self.tool("check", self.config(f'"{data}"')))
        self.assertIn("'things' is not one of axis, files, objects", self.tool("inspect", data, "--samples", "things", code=2))

    def test_one_bad_object(self):
        def spoil(change):
            self.put()
            with h5py.File(self.file, "a") as f:
                change(f["g"])

        def replace(name, values, label=0):
            def change(g):
                del g[name]
                g[name] = values
                g[name].attrs["label"] = label
            return change

        spoil(replace("img40", np.zeros((5, 8), np.uint8)))
        self.fails("set.h5: g/img40: has shape (5, 8), but img0 has (5, 7)")
        spoil(replace("img40", np.full((5, 7), b"text")))
        self.fails("set.h5: g/img40: holds text")
        spoil(replace("img40", np.where(np.arange(35).reshape(5, 7) == 9, np.nan, 0)))
        self.fails("set.h5: g/img40: ", "holds NaN")
        spoil(replace("img40", np.zeros((5, 7), np.uint8), label=7))
        self.fails("set.h5: g/img40: ", "has label 7 but the model has 3 outputs")
        spoil(replace("img40", np.zeros((5, 7), np.uint8), label=-2))
        self.fails("set.h5: g/img40: ", "has label -2")
        spoil(replace("img40", np.zeros((5, 7), np.uint8), label=1.5))
        self.fails("set.h5: img40: label", "has label 1.5")
        spoil(replace("img40", np.zeros((5, 7), np.uint8), label=[1, 2]))
        self.fails("set.h5: img40: label: holds 2 numbers, but that of img0 1")
        spoil(replace("img40", np.zeros((5, 7), np.uint8), label="cat"))
        self.fails("set.h5: img40: label: holds text")
        spoil(lambda g: g["img40"].attrs.pop("label"))
        self.fails("set.h5: img40: has no labels 'label', but img0 has")
        spoil(lambda g: g.create_group("img400"))
        self.fails("set.h5: ", "img400")
        spoil(lambda g: g.__setitem__("link", h5py.SoftLink("/g/img0")))
        self.fails("set.h5: g/link is a soft link")
        self.put(label=None)
        self.fails("set.h5: img0: has no labels; set data.y to the name of an attribute")
        self.fails("set.h5: img0: has no labels 'kind'", more=OBJECTS + ", y: kind")
        self.fails("no group 'nothing'", train=f'"{self.file}:nothing"')
        with h5py.File(self.file, "w") as f:
            f.create_group("g")
        self.fails("set.h5: group g holds no object")

    def test_changes_are_noticed(self):
        """More objects than it takes for a note beside the runs, which is of no use once the file has changed."""
        self.put()
        train = f'"{self.file}:g"'
        first = self.fit(train)
        self.assertTrue(os.listdir(self.path("data-index")))
        self.same(first, self.fit(train, ranks=2))
        self.x = self.x[::-1].copy()
        self.put()
        self.put_whole()
        self.same(self.whole(), self.fit(train))
        with h5py.File(self.file, "a") as f:
            f["g/img5"].attrs["label"] = "cat"
        self.fails("img5: label: holds text")

    # ---- data.index ----

    def put_table(self, rows=None, head="name,age,label", name="index.csv", end="\n"):
        """By default a line for each object, in an order of its own, and one for an object that is not there."""
        if rows is None:
            rows = [f"{self.names[i]},3.5,{self.y[i]}" for i in np.random.default_rng(1).permutation(71)] + ["other,1,2"]
        with open(self.path(name), "w", newline="") as f:
            f.write(end.join([head, *rows]) + end)
        return self.path(name)

    def put_files(self):
        os.makedirs(self.path("files"))
        for i, name in enumerate(self.names):
            with h5py.File(self.path(f"files/{name}.h5"), "w") as f:
                f["x"] = self.x[i]
        order = sorted(range(71), key=lambda i: (self.names[i] + ".h5").encode())
        with h5py.File(self.path("whole.h5"), "w") as f:
            f["x"], f["y"] = self.x[order], self.y[order]
        return f'"{self.path("files/*.h5")}"'

    def test_index(self):
        """Of objects and of files, by bare names and with parts of the path; other columns are left alone."""
        self.put(label=None)
        one, index = self.whole(), self.put_table()
        for ranks in (None, 3):
            self.same(one, self.fit(f'"{self.file}:g"', OBJECTS + f', index: "{index}"', ranks))
        more = f', index: "{index}", y: label, store: window'
        self.same(self.whole(", store: window"), self.fit(f'"{self.file}:g"', OBJECTS + more, 2))
        files = self.put_files()
        one = self.whole()
        for prefix, end, delimiter in (("", "", ","), ("", ".h5", ";"), ("files/", ".h5", "\t"), (self.path("files/"), ".h5", ",")):
            rows = [delimiter.join((prefix + n + end, "x", str(k))) for n, k in zip(self.names, self.y)]
            index = self.put_table(rows, delimiter.join(("file", "who", "kind")), end="\r\n")
            self.same(one, self.fit(files, f', samples: files, index: "{index}", y: kind'))

    def test_one_line_for_one_sample(self):
        """A bare name does not say which of two folders is meant; with the folder it does."""
        for folder in ("a", "b"):
            os.makedirs(self.path(folder))
            for i in range(20):
                with h5py.File(self.path(f"{folder}/{i:02}.h5"), "w") as f:
                    f["x"] = self.x[i]
        files, more = f'"{self.path("?/*.h5")}"', f', samples: files, index: "{self.path("index.csv")}"'
        self.put_table([f"{i:02},3.5,{i % 3}" for i in range(20)])
        self.fails("index.csv: line 2: '00' names", "b/00.h5 and a sample before it", train=files, more=more)
        self.put_table([f"{folder}/{i:02},3.5,{i % 3}" for folder in "ab" for i in range(20)])
        self.fit(files, more)

    def test_index_of_columns(self):
        """Several columns are a row of labels, and name the classes."""
        onehot = np.eye(3)[self.y]
        with h5py.File(self.path("whole.h5"), "w") as f:
            f["x"], f["y"] = self.x, onehot.astype(np.float32)
        self.put(label=None)
        rows = [f"{n},{r[2]:g},{r[0]},{r[1]:g}" for n, r in zip(self.names, onehot)]
        index = self.put_table(rows, "name,c,a,b")
        run = self.fit(f'"{self.file}:g"', OBJECTS + f', index: "{index}", y: "a,b,c"', 2)
        self.assertEqual(run.done["weights_hash"], self.whole().done["weights_hash"])
        with h5py.File(run.final) as f:
            self.assertEqual([n.decode() for n in f["class_names"][()]], ["a", "b", "c"])

    def test_index_of_each_set(self):
        self.put(label=None)
        train, val = self.put_table(), self.put_table([f"{n},0" for n in self.names], "name,label", "val.csv")
        more = OBJECTS + f', index: "{train}", val: "{self.file}:g[:40]", val_index: "{val}"'
        run = self.fit(f'"{self.file}:g"', more)
        shown = self.tool("eval", run.final, "--data", f"{self.file}:g[:40]", "--index", val)
        self.assertIn(" of 40)", shown)
        self.assertIn("classes 1", self.tool("inspect", f"{self.file}:g", "--samples", "objects", "--index", val))
        self.tool("predict", run.final, "--data", f"{self.file}:g", "--index", val, "--out", self.path("p.h5"))
        with h5py.File(self.path("p.h5")) as f:
            self.assertEqual(f["labels"][()].tolist(), [0] * 71)

    def test_bad_index(self):
        self.put(label=None)
        more = OBJECTS + f', index: "{self.path("index.csv")}"'
        good = [f"{n},3.5,{k}" for n, k in zip(self.names, self.y)]

        def with_line(number, text):
            return good[:number - 2] + [text] + good[number - 1:]

        for rows, says in ((with_line(30, good[40]), "index.csv: lines 30 and 42 both name '" + self.names[40]),
                           (good[:9] + good[10:], f"index.csv: has no line for {self.file}/g/{self.names[9]}"),
                           (with_line(30, ",3.5,1"), "index.csv: line 30: names no sample"),
                           (with_line(30, self.names[28] + ",3.5,"), "index.csv: line 30: has no value in the column 'label'"),
                           (with_line(30, self.names[28] + ",3.5,cat"), "index.csv: line 30: holds a label that is no number"),
                           (with_line(30, self.names[28] + ",3.5"), "index.csv: line 30: has 2 cells where the first line has 3"),
                           (with_line(30, self.names[28] + ",3.5,1.5"), "index.csv: line 30: sample 28 has label 1.5"),
                           (with_line(30, self.names[28] + ",3.5,5000000000"), "index.csv: line 30: sample 28 has label 5000000000"),
                           (with_line(30, self.names[28] + ",3.5,1e30"), "index.csv: line 30: sample 28 has label 1e+30"),
                           (with_line(30, self.names[28] + ",3.5,99999999999999999999"), "line 30: holds a label that is too large"),
                           (with_line(30, self.names[28] + ",3.5,7"), "img"),
                           ([], "index.csv: has no line below")):
            self.put_table(rows)
            self.fails(says, more=more)
        for head, says in (("name,age,kind", "none of the 3 columns is called label"), ("name,3,4", "has to name the columns")):
            self.put_table(good, head)
            self.fails("index.csv", says, more=more)
        self.put_table(good)
        self.fails("index.csv: has no column 'kind'", more=more + ", y: kind")
        self.write("index.csv", "")
        self.fails("index.csv: is empty", more=more)
        os.remove(self.path("index.csv"))
        self.fails("index.csv: no such file", more=more)
        self.fails("data.index", "set data.samples to files or objects", more=', index: "index.csv"', code=2)


if __name__ == "__main__":
    unittest.main()
