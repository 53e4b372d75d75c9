"""train.precision: bf16: the same bits at any number of ranks and when a run goes on, what a checkpoint carries, the accuracy of float32,
and what is refused."""
import json
import os
import shutil

import harness

# Signals, 1x1, strided and transposed windows, odd numbers of channels, of samples and of outputs; linear layers with and without positions.
CONFIG = """
run: {name: bf16}
data: {train: "synthetic:3x8x9:4:500", val: "synthetic:3x8x9:4:100", normalize: unit}
model:
  layers:
    - conv2d: {out: 21, kernel: 3, stride: 2, padding: 1}
    - relu
    - conv2d: {out: 17, kernel: 1}
    - relu
    - conv_transpose2d: {out: 9, kernel: 2, stride: 2}
    - conv2d: {out: 16, kernel: [1, 5]}
    - relu
    - linear: {out: 11, positions: true}
    - linear: 67
    - relu
    - linear: 4
train: {epochs: 3, batch: BATCH, precision: bf16}
optim: {name: adam, lr: 1e-3}
log: {every_steps: 1}
checkpoint: {every_steps: 3, keep: 20}
"""
DEMO = """
data: {train: "demo:train[0:8000]", val: "demo:test"}
model:
  layers:
    - conv2d: {out: 6, kernel: 5}
    - relu
    - maxpool2d: 2
    - conv2d: {out: 12, kernel: 5}
    - relu
    - maxpool2d: 2
    - linear: 64
    - relu
    - linear: 10
train: {epochs: 3, batch: 128}
optim: {name: adam, lr: 2e-3}
"""
REFUSED = 2  # exit code


class Bf16(harness.Case):
    def config(self, batch=72):
        return self.write("c.yaml", CONFIG.replace("BATCH", str(batch)))

    def refuses(self, words, *arguments):
        process = harness.run(["train", *arguments])
        lines = harness.error_lines(process.stderr)
        self.assertEqual((process.returncode, len(lines)), (REFUSED, 1), process.stderr)
        self.assertIn(words, lines[0])

    def test_same_bits(self):
        """Slices of 9 samples, which are dense, and of 16, of which two share a pass."""
        for batch in (72, 128):
            config = self.config(batch)
            one = self.train(config, 1)
            for ranks in (2, 3):
                with self.subTest(batch=batch, ranks=ranks):
                    self.same(one, self.train(config, ranks))

    def test_goes_on(self):
        """The run ends in the same bits from a checkpoint in an epoch; its precision stays; evaluation and training agree on the loss."""
        whole = self.train(self.config(), 2)
        folder = self.path("resumed")
        shutil.copytree(whole.folder, folder)
        checkpoints = sorted(n for n in os.listdir(os.path.join(folder, "checkpoints")) if n.startswith("step-"))
        for name in os.listdir(os.path.join(folder, "checkpoints")):
            if name not in checkpoints[:3]:
                os.remove(os.path.join(folder, "checkpoints", name))
        self.refuses("train.precision: was bf16, is float32", self.config(), "-o", folder, "--resume", "auto", "--train.precision=float32")
        process = harness.run(["train", self.config(), "-o", folder, "--resume", "auto"], 3)
        self.assertEqual(process.returncode, 0, process.stderr)
        final = os.path.join(folder, "checkpoints", "final.h5")
        self.assertEqual({k: v.tobytes() for k, v in harness.tensors(final).items()},
                         {k: v.tobytes() for k, v in harness.tensors(whole.final).items()})

        process = harness.run(["eval", final, "--data", "synthetic:3x8x9:4:100", "--json", self.path("e.json")])
        self.assertEqual(process.returncode, 0, process.stderr)
        with open(self.path("e.json")) as f:
            self.assertEqual(json.load(f)["loss"], whole.of_kind("eval")[-1]["loss"])

    def test_accuracy(self):
        """A share p of n samples that are right scatters by sqrt(p (1 - p) / n), 0.0017 for 0.97 of 10000: two runs that differ in nothing
        but luck by less than 4 sqrt(2) times as much."""
        config, accuracy, hashes = self.write("demo.yaml", DEMO), {}, set()
        for precision in ("float32", "bf16"):
            run = self.train(config, 2, [f"--train.precision={precision}"])
            accuracy[precision] = run.of_kind("eval")[-1]["accuracy"]
            hashes.add(run.done["weights_hash"])
        self.assertEqual(len(hashes), 2)
        self.assertGreater(accuracy["float32"], 0.9)
        self.assertLess(abs(accuracy["float32"] - accuracy["bf16"]), 0.01, accuracy)

    def test_warning(self):
        """Said once, where it is slow."""
        with open("/proc/cpuinfo") as f:
            fast = "avx512_bf16" in f.read()
        for flags, count in (([], 0 if fast else 1), (["--run.isa=v3"], 1), (["--train.precision=float32"], 0)):
            process = harness.run(["train", self.config(), "-o", self.path(f"w{count}{len(flags)}"), "--train.epochs=1", *flags], 2)
            self.assertEqual(process.returncode, 0, process.stderr)
            self.assertEqual((process.stdout + process.stderr).count("train.precision: bf16 is slower than float32 here"), count)

    def test_refusals(self):
        self.refuses("train.precision: bf16 takes the level v3 or v4 (run.isa), not v2", self.config(), "-o", self.path("r"), "--run.isa=v2")
        self.refuses("run.products: blas multiplies float32 only; leave one out", self.config(), "-o", self.path("r"), "--run.products=blas")
        self.refuses("train.precision", self.config(), "-o", self.path("r"), "--train.precision=bfloat16")


if __name__ == "__main__":
    harness.unittest.main()
