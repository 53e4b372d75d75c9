"""Data sets of many files: lists, patterns, @LIST, one sample a file; what does not fit together; the index beside the runs."""
import glob
import os
import subprocess
import sys
import time
import unittest

import h5py
import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import harness  # noqa: E402

CONFIG = """\
data: {{train: {train}{more}}}
model: {{layers: [flatten, {{linear: 8}}, relu, {{linear: 3}}]}}
loss: {{name: cross_entropy}}
train: {{epochs: 2, batch: 24, virtual_ranks: 4}}
"""


class Files(harness.Case):
    def setUp(self):
        super().setUp()
        rng = np.random.default_rng(3)
        self.x = rng.integers(0, 256, (101, 5, 7), dtype=np.uint8)
        self.y = rng.integers(0, 3, 101)
        self.put("whole.h5", slice(None))

    def put(self, name, part, x_type=None, y_type=None, group="", **options):
        with h5py.File(self.path(name), "w") as f:
            f.create_dataset(group + "x", data=self.x[part] if x_type is None else self.x[part].astype(x_type), **options)
            f[group + "y"] = self.y[part] if y_type is None else self.y[part].astype(y_type)

    def shards(self):
        """Three files of different lengths, chunks, and names whose order is not that of their numbers as numbers."""
        self.put("part-1.h5", slice(0, 40), chunks=(7, 5, 7), compression="gzip")
        self.put("part-10.h5", slice(40, 41))
        self.put("part-2.h5", slice(41, 101), y_type=np.int16, chunks=(60, 1, 7))

    def fit(self, train, more="", ranks=None, flags=()):
        return self.train(self.write("c.yaml", CONFIG.format(train=train, more=more)), ranks, flags)

    def fails(self, train, *parts, more="", code=3):
        process = harness.run(["train", self.write("c.yaml", CONFIG.format(train=train, more=more)), "-o", self.path("no")])
        lines = harness.error_lines(process.stderr)
        self.assertEqual((process.returncode, len(lines)), (code, 1), process.stderr)
        for part in parts:
            self.assertIn(part, lines[0])
        self.assertFalse(os.path.exists(self.path("no")))

    def test_same_as_one_file(self):
        self.shards()
        one = self.fit(self.path("whole.h5"))
        self.write("list.txt", "# shards\npart-1.h5\n\n  part-10.h5\n" + self.path("part-2.h5") + "\n")
        listed = "[" + ", ".join(self.path(f"part-{i}.h5") for i in (1, 10, 2)) + "]"
        for train in (f'"{self.path("part-*.h5")}"', f'"@{self.path("list.txt")}"', listed):
            for ranks in (1, 3):
                self.same(one, self.fit(train, ranks=ranks))
        ranges = f'["{self.path("whole.h5")}[:50]", "{self.path("whole.h5")}[50:]"]'
        self.same(one, self.fit(ranges, ranks=2))

    def test_ranges_and_groups(self):
        self.shards()
        self.same(self.fit(f'"{self.path("whole.h5")}[3:90:3]"'), self.fit(f'"{self.path("part-*.h5")}[3:90:3]"', ranks=2))
        for i, part in enumerate((slice(0, 50), slice(50, 101))):
            self.put(f"g{i}.h5", part, group="a/b/")
        self.same(self.fit(self.path("whole.h5")), self.fit(f'"{self.path("g?.h5")}:a/b"'))

    def test_folders_of_any_name(self):
        """Brackets, colons and backslashes in the path are no pattern; brackets in a pattern are classes if no file is called so."""
        folder = self.path("a: b [0] \\ c")
        os.makedirs(folder)
        one = self.fit(self.path("whole.h5"))
        for i, part in enumerate((slice(0, 50), slice(50, 101))):
            self.put(os.path.join(folder, f"s{i}.h5"), part)
        quoted = folder.replace("\\", "\\\\")
        self.same(one, self.fit(f'"{quoted}/s*.h5"'))
        self.same(one, self.fit(f'"{quoted}/s?.h5[:]"'))
        self.put(os.path.join(folder, "s1.h5"), slice(50, 101))
        with h5py.File(os.path.join(folder, "s1.h5"), "a") as f:
            f["y"][7] = 9
        self.fails(f'"{quoted}/s*.h5"', "s1.h5: y: sample 7 has label 9")
        for i, part in enumerate((slice(0, 50), slice(50, 101))):
            self.put(f"t{i}.h5", part)
        self.put("tx.h5", slice(0, 3))
        self.same(one, self.fit(f'"{self.path("t[0-9]*.h5")}"'))

    def test_types_that_fit(self):
        """uint8 beside float32, and whole-number floats beside integers: as if all were floats."""
        self.put("f-1.h5", slice(0, 40))
        self.put("f-2.h5", slice(40, 101), x_type=np.float32)
        self.put("g-1.h5", slice(0, 101), x_type=np.float64)
        self.same(self.fit(self.path("g-1.h5")), self.fit(f'"{self.path("f-*.h5")}"', ranks=2))

    def test_eval_and_predict(self):
        self.shards()
        run = self.fit(self.path("whole.h5"))
        outputs = []
        for data in ("whole.h5", "part-*.h5"):
            out = self.path("out.h5")
            process = harness.run(["predict", run.final, "--data", self.path(data), "--out", out, "--force"])
            self.assertEqual(process.returncode, 0, process.stderr)
            with h5py.File(out) as f:
                outputs.append((f["logits"][()].tobytes(), f["labels"][()].tobytes()))
        self.assertEqual(outputs[0], outputs[1])
        listed = f"[{self.path('part-1.h5')}, {self.path('part-10.h5')}, {self.path('part-2.h5')}]"
        process = harness.run(["eval", run.final, "--data", listed], 2)
        self.assertEqual(process.returncode, 0, process.stderr)
        self.assertIn("of 101)", process.stdout + process.stderr)

    def test_resume(self):
        """A configuration with a list is written, read back and resumed."""
        self.shards()
        listed = "[" + ", ".join(f'"{self.path(f"part-{i}.h5")}"' for i in (1, 10, 2)) + "]"
        straight = self.fit(listed)
        config = self.write("c.yaml", CONFIG.format(train=listed, more=""))
        folder = self.path("resumed")
        harness.Run(config, folder, flags=["--train.epochs=1"])
        again = harness.Run(config, folder, 2, flags=["--resume=auto"])
        self.assertEqual(straight.done["weights_hash"], again.done["weights_hash"])

    def test_one_bad_file(self):
        self.shards()
        pattern = f'"{self.path("part-*.h5")}"'
        self.write("part-3.h5", "no HDF5 file")
        self.fails(pattern, "part-3.h5", "not an HDF5 file")
        with h5py.File(self.path("part-3.h5"), "w") as f:
            f["x"], f["y"] = np.zeros((4, 5, 8), np.uint8), np.zeros(4, int)
        self.fails(pattern, "part-3.h5", "1 x 5 x 8", "part-1.h5")
        with h5py.File(self.path("part-3.h5"), "w") as f:
            f["x"] = np.zeros((4, 5, 7), np.uint8)
        self.fails(pattern, "part-3.h5", "no labels")
        with h5py.File(self.path("part-3.h5"), "w") as f:
            f["x"], f["y"] = np.zeros((4, 5, 7), np.uint8), np.array([0, 1, 7, 0])
        self.fails(pattern, "part-3.h5: y", "sample 2 has label 7")
        with h5py.File(self.path("part-3.h5"), "w") as f:
            f["x"], f["y"] = np.zeros((4, 5, 7), np.uint8), np.array([0, 1, 2, -4])
        self.fails(pattern, "part-3.h5: y", "sample 3 has label -4")

    def test_bad_lists(self):
        self.fails(f'"{self.path("nothing-*.h5")}"', "nothing-*.h5: no file matches")
        self.fails(f'"@{self.path("missing.txt")}"', "missing.txt", "No such file")
        self.write("empty.txt", "# nothing\n")
        self.fails(f'"@{self.path("empty.txt")}"', "empty.txt: lists no file")
        self.fails(f"[{self.path('whole.h5')}, demo:train]", "'demo:train' is not a file")
        self.fails(f"[{self.path('whole.h5')}, {self.path('absent.h5')}]", "absent.h5: no such file")
        self.fails("[a.h5, [b.h5]]", "data.train", "list of files", code=2)

    def test_one_sample_a_file(self):
        """Features without an axis of samples; labels as a single value, a list of one, or a row."""
        for i in range(70):
            with h5py.File(self.path(f"s{i:03}.h5"), "w") as f:
                f["x"] = self.x[i]
                f["y"] = self.y[i] if i % 2 else self.y[i:i + 1]
        one = self.fit(f'"{self.path("whole.h5")}[:70]"')
        pattern = f'"{self.path("s*.h5")}"'
        for ranks in (1, 2):
            run = self.fit(pattern, ", samples: files", ranks)
            self.same(one, run)
        self.assertTrue(glob.glob(self.path("data-index/files-*.txt")), "more than 64 files are noted")
        self.same(one, self.fit(pattern, ", samples: files"))

    def test_index_notices_changes(self):
        """A file that changes after it was noted is looked at again."""
        for i in range(70):
            with h5py.File(self.path(f"s{i:03}.h5"), "w") as f:
                f["x"], f["y"] = self.x[i:i + 1], self.y[i:i + 1]
        pattern = f'"{self.path("s*.h5")}"'
        self.same(self.fit(f'"{self.path("whole.h5")}[:70]"'), self.fit(pattern))
        self.put("s069.h5", slice(69, 101))
        self.same(self.fit(self.path("whole.h5")), self.fit(pattern, ranks=2))
        os.remove(self.path("s000.h5"))
        self.same(self.fit(f'"{self.path("whole.h5")}[1:]"'), self.fit(pattern))

    def shards_of_one(self):
        for i in range(70):
            with h5py.File(self.path(f"s{i:03}.h5"), "w") as f:
                f["x"], f["y"] = self.x[i:i + 1], self.y[i:i + 1]
        return f'"{self.path("s*.h5")}"'

    def test_damaged_index(self):
        """A file of notes that is rubbish, cut, or changed in one digit counts as missing."""
        pattern = self.shards_of_one()
        one = self.fit(f'"{self.path("whole.h5")}[:70]"')
        self.fit(pattern)
        index, = glob.glob(self.path("data-index/files-*.txt"))
        with open(index) as f:
            text = f.read()
        line = text.splitlines()[40]
        other = line.replace(" 5 7 ", " 5 9 ", 1).replace(" 1 0 ", " 3 0 ", 1)
        self.assertNotEqual(line, other)
        for damaged in ("", "rubbish\n1 2 3\n", text[:len(text) // 2], text.replace(line, other), text + line + "\n"):
            self.write(index, damaged)
            self.same(one, self.fit(pattern, ranks=2))
            with open(index) as f:
                self.assertEqual(f.read(), text)

    def test_changed_without_a_trace(self):
        """Larger samples in a file of the noted length and time of change: an error, and no row beside its place."""
        pattern = self.shards_of_one()
        path = self.path("s033.h5")
        os.truncate(path, 1 << 20)
        self.fit(pattern)
        times = os.stat(path)
        with h5py.File(path, "w") as f:
            f["x"], f["y"] = np.zeros((1, 500, 700), np.uint8), self.y[33:34]
        os.truncate(path, 1 << 20)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        for more in ("", ", store: window"):
            self.fails(pattern, "s033.h5: holds other samples than were noted", "data-index", more=more)

    def test_one_of_many_changes_meanwhile(self):
        """More files than may be open, read again in every epoch: the one that has changed ends the run."""
        pattern = self.shards_of_one()
        config = self.write("c.yaml", CONFIG.format(train=pattern, more=", store: window"))
        folder, path = self.path("run"), self.path("s010.h5")
        command = harness.command(["train", config, "-o", folder, "--train.epochs=100000", "--checkpoint.every_epochs=100000"])
        process = subprocess.Popen(command, env=harness.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        metrics = os.path.join(folder, "metrics.jsonl")
        for _ in range(600):
            time.sleep(0.05)
            if os.path.exists(metrics):
                with open(metrics) as f:
                    if '"epoch"' in f.read():
                        break
        os.utime(path)
        _, err = process.communicate(timeout=60)
        lines = harness.error_lines(err)
        self.assertEqual((process.returncode, len(lines)), (3, 1), err)
        self.assertIn("s010.h5: has changed since the run looked at it", lines[0])

    def test_window_of_chunked_files(self):
        """Ranks that did not look at the files themselves choose the blocks of rank 0, and so does a run that has notes."""
        x = np.zeros((70 * 400, 32), np.float32)
        x[:, 0] = np.arange(len(x))
        y = (x[:, 0] > len(x) // 2).astype(int)
        for i in range(70):
            with h5py.File(self.path(f"s{i:03}.h5"), "w") as f:
                f.create_dataset("x", data=x[400 * i:400 * i + 400], chunks=(300, 32))
                f["y"] = y[400 * i:400 * i + 400]
        pattern, more = f'"{self.path("s*.h5")}"', ", store: window"
        flags = ["--train.epochs=1", "--train.batch=4000"]
        one = self.fit(pattern, more, flags=flags)
        self.same(one, self.fit(pattern, more, 2, flags))


if __name__ == "__main__":
    unittest.main()
