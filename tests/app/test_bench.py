"""The benchmarks run, print, and write what they say they write."""
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import harness  # noqa: E402


class Bench(harness.Case):
    def bench(self, *arguments, ranks=None):
        """The lines of the table and the JSON object of a benchmark that must succeed."""
        path = self.path("bench.json")
        done = harness.run(["bench", *arguments, "--json", path], ranks)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(path) as f:
            text = f.read()
        self.assertEqual(text.count("\n"), 1)
        return done.stdout.splitlines(), json.loads(text)

    def test_peak(self):
        lines, result = self.bench("peak", ranks=2)
        self.assertIn("2 ranks", lines[0])
        self.assertEqual(result["ranks"], 2)
        self.assertGreater(result["sgemm_gflops"], 0)
        self.assertAlmostEqual(result["sgemm_gflops_per_rank"], result["sgemm_gflops"] / 2)
        self.assertGreater(result["memory_gbytes"], 0)
        self.assertTrue(result["isa"] and result["blas"])

    def test_kernels(self):
        for part, count in (("conv 5x5 6 to 12", 3), ("linear 784 to 1024, 16 lanes", 3), ("gather", 2)):
            lines, result = self.bench("kernels", part, ranks=2)
            self.assertEqual(len(result["kernels"]), count)
            for kernel, line in zip(result["kernels"], lines[-count:]):
                self.assertIn(part, kernel["name"])
                self.assertTrue(line.startswith(kernel["name"]))
                self.assertGreaterEqual(kernel["best"], kernel["median"])
                self.assertGreater(kernel["roof"], 0)
        self.assertEqual(harness.run(["bench", "kernels", "no such kernel"]).returncode, 2)

    def test_loader(self):
        path = self.path("demo.h5")
        self.assertEqual(harness.run(["demo-data", path]).returncode, 0)
        for data, ranks in ((path + ":train", 2), (path + ":test", 1), ("synthetic:3x8x8:10:100", 2)):
            _, result = self.bench("loader", data, "--batch", "50", ranks=ranks)
            self.assertEqual("read_ms" in result, data.startswith(path))
            if "read_ms" in result:
                self.assertAlmostEqual(result["file_mbytes"] * 1e6, os.path.getsize(path), delta=1)
            self.assertEqual(result["batch"], 50)
            self.assertEqual(result["sample_bytes"], 784 if data.startswith(path) else 4 * 192)
            self.assertGreater(result["load_ms"], 0)
            self.assertGreater(result["samples_per_second"], 0)
        done = harness.run(["bench", "loader", self.path("missing.h5")])
        self.assertEqual((done.returncode, len(harness.error_lines(done.stderr))), (3, 1))

    def test_checkpoint(self):
        config = self.write("config.yaml", "data: {train: 'synthetic:1x8x8:4:1000'}\nmodel: {layers: [linear: 16, relu, linear: 4]}\n"
                                           "train: {batch: 64}\noptim: {name: adam}\n")
        files = sorted(os.listdir())
        lines, result = self.bench("checkpoint", config, ranks=2)
        self.assertEqual((result["params"], result["ranks"], result["optim"]), (64 * 16 + 16 + 16 * 4 + 4, 2, "adam"))
        self.assertEqual(result["bytes"], 3 * 4 * result["params"])
        for key in ("step_ms", "copy_ms", "write_ms", "busy_ms", "write_alone_ms", "slower"):
            self.assertGreater(result[key], 0, key)
        for key in ("cost_ms", "cost_waited_ms"):  # differences of two times: a busy machine makes them negative
            self.assertIsInstance(result[key], (int, float))
        self.assertIn("1108 parameters, adam", lines[0])
        self.assertEqual(sorted(os.listdir()), files)

    def test_sync(self):
        lines, result = self.bench("sync", "--params", "1000", "--repeats", "3", ranks=2)
        self.assertIn("1008 parameters, sgd, 2 ranks", lines[0])
        self.assertEqual([r["optim"] for r in result["sync"]], ["sgd", "adam"])
        for r, slots in zip(result["sync"], (1, 2)):
            self.assertEqual(r["bytes"], 4 * 1008 * (2 + 2 * (1 + slots)))
            for way in ("tree", "allreduce", "traffic", "copy"):
                self.assertGreater(r[way]["best_ms"], 0)
            self.assertEqual(r["tree"]["ratio_to_tree"], 1)

    def test_step(self):
        config = self.write("c.yaml", "data: {train: 'synthetic:1x12x12:10:6400', val: no-such-file.h5}\n"
                                      "train: {batch: 640}\n"
                                      "model: {layers: [relu, {conv2d: {out: 8, kernel: 3}}, relu, {linear: 10}]}\n")
        lines, result = self.bench("step", config, "--train.virtual_ranks=4", ranks=2)
        names = [r["name"] for r in result["rows"]]
        self.assertEqual(names, ["data", "params", "forward", "relu 0", "conv2d 1", "relu 2", "linear 3", "loss", "backward",
                                 "linear 3", "relu 2", "conv2d 1", "send", "sum", "collect", "update", "wait"])
        self.assertEqual([line.strip().split("  ")[0] for line in lines[2:2 + len(names)]], names)
        phases = [r["ms"] for r in result["rows"] if r["depth"] == 0 and r["name"] != "wait"]
        self.assertGreater(min(phases), 0)
        # They lie within the step, apart from each other; how much lies between them is the machine's matter.
        self.assertLessEqual(sum(phases), 1.0001 * result["step"]["ms"])
        conv, linear = 2 * 8 * 9 * 100, 2 * 10 * 800
        self.assertAlmostEqual(result["step"]["gflops"] * result["step"]["ms"] * 1e6, 640 * (2 * conv + 3 * linear), delta=10)
        self.assertGreater(result["samples_per_second"], 0)
        self.assertGreater(result["resident_mbytes"], result["model_mbytes"])

    def test_wrong_words(self):
        for words in (["bench", "speed"], ["bench", "peak", "peak"], ["bench"]):
            done = harness.run(words)
            self.assertEqual(done.returncode, 2, words)
            self.assertEqual(len(harness.error_lines(done.stderr)), 1)

    def test_unwritable_json(self):
        done = harness.run(["bench", "peak", "--json", self.path("no/such/folder.json")])
        self.assertEqual(done.returncode, 1)
        self.assertNotIn("sgemm", done.stdout)


if __name__ == "__main__":
    unittest.main()
