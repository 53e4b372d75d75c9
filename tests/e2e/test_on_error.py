"""data.on_error: skip: samples that cannot be read are left out, counted and named; the result is that of a set without them, in every
store and at any number of ranks and nodes."""
# processors: 2
import json
import os
import unittest

import h5py
import numpy as np

import harness

SAMPLES = 1507
CHUNK = 23
DAMAGED = (10, 11, 41)  # chunks
NOT_A_NUMBER = (7, 1000)
CONFIG = """
data: {{train: {train}, val_fraction: 0.2, normalize: auto}}
model: {{layers: [{{linear: 16}}, relu, {{linear: 4}}]}}
train: {{epochs: 3, batch: 60}}
optim: {{name: sgd, lr: 0.05, momentum: 0.9}}
"""
WINDOW = ["--data.store=window", "--data.block=24", "--data.window=240"]
DATA_ERROR = 3


def data():
    random = np.random.default_rng(1)
    y = random.integers(0, 4, SAMPLES)
    x = (np.random.default_rng(9).normal(size=(4, 32))[y] + random.normal(size=(SAMPLES, 32))).astype("f4")
    kept = np.ones(SAMPLES, bool)
    kept[list(NOT_A_NUMBER)] = False
    for chunk in DAMAGED:
        kept[CHUNK * chunk:CHUNK * (chunk + 1)] = False
    return x, y, kept


def write(path, x, y, **how):
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=x, **how)
        file.create_dataset("y", data=y)


def write_damaged(path):
    x, y, _ = data()
    x[list(NOT_A_NUMBER), 5] = np.nan
    write(path, x, y, chunks=(CHUNK, 32), compression="gzip", fletcher32=True)
    with h5py.File(path) as file:
        chunks = [file["x"].id.get_chunk_info(i) for i in range(file["x"].id.get_num_chunks())]
    with open(path, "r+b") as file:
        for chunk in chunks:
            if chunk.chunk_offset[0] // CHUNK in DAMAGED:
                file.seek(chunk.byte_offset + chunk.size // 2)
                file.write(b"\xaa" * 8)


class OnError(harness.Case):
    def setUp(self):
        super().setUp()
        x, y, self.kept = data()
        write_damaged(self.path("bad.h5"))
        write(self.path("good.h5"), x[self.kept], y[self.kept])
        self.left_out = int((~self.kept).sum())
        self.config = self.write("config.yaml", CONFIG.format(train=self.path("bad.h5")))

    def check_named(self, text):
        self.assertIn(f"{self.left_out} of {SAMPLES} samples cannot be read and are left out: 7, 230 to 275, 943 to 965 and 1 more range", text)
        self.assertIn("bad.h5: x", text)

    def test_the_same_as_without_them(self):
        good = self.train(self.config, 1, ["--data.store=node", f"--data.train={self.path('good.h5')}"]).done["weights_hash"]
        for ranks, nodes, store in ((2, 0, "node"), (3, 1, "cluster"), (3, 2, "scratch")):
            with self.subTest(store=store):
                run = self.train(self.config, ranks, [f"--data.store={store}", f"--sync.ranks_per_node={nodes}", "--data.on_error=skip",
                                                      f"--data.scratch_dir={self.folder}", "--checkpoint.every_steps=31"])
                self.assertEqual(run.done["weights_hash"], good)
                self.check_named(run.process.stderr)
                self.assertEqual(run.of_kind("start")[0]["train_left_out"], self.left_out)
        both = self.train(self.config, 3, ["--data.store=cluster", "--sync.ranks_per_node=1", "--data.on_error=skip", "--data.missing=drop_sample"])
        self.assertEqual(both.done["weights_hash"], good)
        self.assertEqual(both.of_kind("start")[0]["train_left_out"], CHUNK * len(DAMAGED))
        point = os.path.join(run.folder, "checkpoints", "step-000000031.h5")
        resumed = self.train(self.config, 2, ["--data.store=cluster", "--sync.ranks_per_node=1", "--data.on_error=skip", "--resume", point,
                                              "--checkpoint.every_steps=31"])
        self.assertEqual(resumed.done["weights_hash"], good)

    def test_windows(self):
        good = self.train(self.config, 1, [*WINDOW, f"--data.train={self.path('good.h5')}"]).done["weights_hash"]
        for ranks, nodes in ((1, 0), (3, 2)):
            run = self.train(self.config, ranks, [*WINDOW, f"--sync.ranks_per_node={nodes}", "--data.on_error=skip"])
            self.assertEqual(run.done["weights_hash"], good)
            self.check_named(run.process.stderr)

    def test_stop_is_the_default(self):
        for store in ("node", "window"):
            process = harness.run(["train", self.config, "-o", self.path("run"), f"--data.store={store}"], 2)
            lines = harness.error_lines(process.stderr)
            self.assertEqual((process.returncode, len(lines)), (DATA_ERROR, 1), process.stderr)
            self.assertIn("bad.h5: x: ", lines[0])

    def test_files_among_many(self):
        x, y, _ = data()
        for i in range(6):
            write(self.path(f"part-{i}.h5"), x[250 * i:250 * (i + 1)], y[250 * i:250 * (i + 1)])
        os.truncate(self.path("part-2.h5"), 3000)
        with open(self.path("part-4.h5"), "wb") as file:
            file.write(b"not HDF5")
        parts, others = self.path("part-*.h5"), [self.path(f"part-{i}.h5") for i in (0, 1, 3, 5)]
        listed = self.write("list.txt", "\n".join([*others[:2], self.path("missing.h5"), *others[2:]]))
        good = self.train(self.config, 1, ["--data.train=[" + ", ".join(others) + "]"]).done["weights_hash"]
        for ranks, flags in ((2, ["--data.store=node"]), (3, ["--data.store=cluster", "--sync.ranks_per_node=1"])):
            run = self.train(self.config, ranks, [f"--data.train={parts}", "--data.on_error=skip", *flags])
            self.assertEqual(run.done["weights_hash"], good)
            for name in ("part-2.h5", "part-4.h5"):
                self.assertEqual(len([line for line in run.process.stderr.splitlines() if name in line and "left out" in line]), 1, run.process.stderr)
        self.assertEqual(self.train(self.config, 2, [f"--data.train=@{listed}", "--data.on_error=skip"]).done["weights_hash"], good)
        process = harness.run(["train", self.config, "-o", self.path("run"), f"--data.train={parts}"], 2)
        self.assertEqual((process.returncode, len(harness.error_lines(process.stderr))), (DATA_ERROR, 1), process.stderr)
        self.assertIn("part-2.h5", process.stderr)

    def test_file_that_takes_too_long(self):
        """It is not left out: on another machine it might be fast enough, and the set another one."""
        hostile = os.path.join(harness.SOURCE, "tests", "io", "hostile")
        files = [os.path.join(hostile, f"extensible{name}") for name in (".seed", "-1003.loop", ".seed")]
        process = harness.run(["check", self.config, f"--data.train=[{', '.join(files)}]", "--data.on_error=skip",
                               "--data.val_fraction=0", "--data.time_limit=1"])
        lines = harness.error_lines(process.stderr)
        self.assertEqual((process.returncode, len(lines)), (DATA_ERROR, 1), process.stderr)
        # of CPU time, or on a busy machine as many seconds by the clock as make up for it
        self.assertRegex(lines[0], r"keeps the HDF5 library busy for more than 1 s|has not answered within 6 s \(wall time\)")

    def test_samples_of_many_files(self):
        files = [self.path(f"{name}.h5") for name in ("good", "bad")]
        good = self.train(self.config, 1, [f"--data.train=[{files[0]}, {files[0]}]"]).done["weights_hash"]
        run = self.train(self.config, 3, [f"--data.train=[{files[0]}, {files[1]}]", "--data.on_error=skip", "--data.store=scratch",
                                          f"--data.scratch_dir={self.folder}"])
        self.assertEqual(run.done["weights_hash"], good)
        self.assertIn(f"are left out: 7 of {files[1]}, 230 to 275 of {files[1]}, 943 to 965 of {files[1]} and 1 more range; ", run.process.stderr)

    def test_eval_and_predict(self):
        final = self.train(self.config, 2, [f"--data.train={self.path('good.h5')}"]).final
        results = {}
        for name, flags in (("good", []), ("bad", ["--on-error", "skip"])):
            path, out = self.path(f"{name}.h5"), self.path(f"{name}-out.h5")
            evaluated = harness.run(["eval", final, "--data", path, "--json", self.path("eval.json"), *flags], 2)
            predicted = harness.run(["predict", final, "--data", path, "--out", out, *flags], 3)
            self.assertEqual((evaluated.returncode, predicted.returncode), (0, 0), evaluated.stderr + predicted.stderr)
            with open(self.path("eval.json"), encoding="utf-8") as file, h5py.File(out) as rows:
                results[name] = json.load(file), {key: rows[key][()] for key in rows}, evaluated.stderr + predicted.stderr
        (good, rows, _), (bad, all_rows, said) = results["good"], results["bad"]
        self.check_named(said)
        self.assertEqual((bad["loss"], bad["count"], bad["left_out"]), (good["loss"], int(self.kept.sum()), self.left_out))
        for key, values in rows.items():
            self.assertTrue(np.array_equal(all_rows[key][self.kept], values), key)
        self.assertTrue(np.isnan(all_rows["logits"][~self.kept]).all() and (all_rows["predicted"][~self.kept] == -1).all())
        process = harness.run(["eval", final, "--data", self.path("bad.h5")], 2)
        self.assertEqual((process.returncode, len(harness.error_lines(process.stderr))), (DATA_ERROR, 1), process.stderr)

    def test_variable_of_rank_0(self):
        """A launcher may give the environment of the first rank to no other one."""
        final = self.train(self.config, 1, [f"--data.train={self.path('good.h5')}"]).final
        evaluation, name = ["eval", final, "--data", self.path("bad.h5")], "DDP_TRAIN_DATA_ON_ERROR"
        expected = harness.run([*evaluation, "--on-error", "skip"])
        self.assertEqual(expected.returncode, 0, expected.stderr)
        others = [":", "-np", "1", "env", "-u", name, harness.PROGRAM, *evaluation]
        for arguments, ranks in ((evaluation, None), ([*evaluation, *others], 1)):
            process = harness.run(arguments, ranks, variables={name: "skip"})
            self.assertEqual((process.returncode, process.stdout), (0, expected.stdout), process.stderr)
        process = harness.run(evaluation, variables={name: "continue"})
        self.assertIn("data.on_error: 'continue' is not one of stop, skip", process.stderr)


if __name__ == "__main__":
    unittest.main()
