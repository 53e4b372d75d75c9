"""Networks of blocks, with shared parameters and initial values of their own: any number of ranks, resuming, and every command
that reads the configuration in a checkpoint."""
# processors: 2
import subprocess
import unittest

import harness

CONFIG = """
run: {name: blocks, seed: 5}
data: {train: "synthetic:2x8x8:4:200", val: "synthetic:2x8x8:4:64"}
model:
  init: {kaiming_normal: {mode: fan_out}}
  bias_init: zeros
  blocks:
    unit: [{Conv2d: {out_channels: $out, kernel_size: 3, padding: 1, name: conv}}, ReLU]
    residual:
      args: {out: , project: false}
      layers:
        - unit: {out: $out, name: a}
        - unit: {out: $out, name: b}
        - conv2d: {out: $out, kernel: 1, from: in, when: $project, name: skip, init: {orthogonal: 0.5}}
        - add: {from: [b, skip]}
  layers:
    - residual: {out: 4 * 2 ** $i, project: true, repeat: 2, name: body}
    - linear: {out: 8, name: once}
    - tanh
    - linear: {out: 8, name: twice}
    - linear: {out: 8, share: twice}
    - linear: 4
train: {epochs: 2, batch: 48, virtual_ranks: 8}
optim: {name: sgd, lr: 0.05, momentum: 0.9}
log: {every_steps: 1}
"""


class Blocks(harness.Case):
    def flat(self, config):
        return self.write("flat.yaml", subprocess.run(harness.command(["check", "--print-config", "--expanded", config]), text=True,
                                                      stdout=subprocess.PIPE, env=harness.environment(), check=True).stdout)

    def test_same_bits_on_any_ranks_and_flat(self):
        config = self.write("config.yaml", CONFIG)
        first = self.train(config, 1)
        for ranks in (2, 3):
            self.assertEqual(self.train(config, ranks).done["weights_hash"], first.done["weights_hash"], ranks)
        flat = self.train(self.flat(config), 2)
        self.assertEqual(flat.done["weights_hash"], first.done["weights_hash"])
        with open(self.flat(config)) as f:
            self.assertNotIn("  blocks:", f.read())

    def test_resumed_and_read(self):
        config = self.write("config.yaml", CONFIG)
        whole = self.train(config, 2)
        half = self.train(config, 2, ["--train.epochs=1"])
        resumed = self.train(self.flat(config), 3, ["--resume", half.final])
        self.assertEqual(resumed.done["weights_hash"], whole.done["weights_hash"])
        with open(self.flat(config)) as f:
            alone = self.write("alone.yaml", f.read().replace(", share: twice", ""))
        refused = harness.run(["train", alone, "--resume", half.final, "-o", self.path("alone")])
        self.assertIn("holds a model other than the one in the configuration", refused.stderr)
        names = [name for name in harness.tensors(whole.final) if name.endswith("weight")]
        self.assertEqual(len(names), 9)
        self.assertEqual(names[:3], ["00.body.0.a.conv/weight", "02.body.0.b.conv/weight", "04.body.0.skip/weight"])
        for command in (["eval", whole.final, "--data", "synthetic:2x8x8:4:64"], ["inspect", whole.final],
                        ["predict", whole.final, "--data", "synthetic:2x8x8:4:64", "--out", self.path("p.h5")]):
            done = harness.run(command, 2)
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_other_names(self):
        """Names of layers may change when a run goes on; --init-from goes by them, wherever a layer is."""
        config = self.write("config.yaml", CONFIG)
        half = self.train(config, 2, ["--train.epochs=1"])
        renamed = self.write("renamed.yaml", CONFIG.replace("once", "first").replace("twice", "tied").replace("body", "trunk"))
        resumed = self.train(renamed, 2, ["--resume", half.final])
        self.assertEqual(resumed.done["weights_hash"], self.train(config, 1).done["weights_hash"])
        longer = CONFIG.replace("    - linear: {out: 8, name: once}\n", "    - linear: {out: 8, name: new}\n"
                                "    - linear: {out: 8, name: other}\n").replace("body", "trunk").replace("skip", "short")
        longer = longer.replace("name: trunk", "name: body")
        tuned = self.train(self.write("longer.yaml", longer), 1, ["--init-from", half.final, "--train.epochs=0"])
        said = {line.split()[0]: line for line in tuned.process.stdout.splitlines() if line.startswith("  model/")}
        for loaded in ("model/02.body.0.b.conv/weight", "model/14.twice/bias"):
            self.assertIn(" loaded", said[loaded])
        for left in ("model/10.body.1.short/weight", "model/12.new/weight", "model/13.other/bias"):
            self.assertIn("missing in the file", said[left])
        self.assertIn("not used", said["model/10.body.1.skip/weight"])


if __name__ == "__main__":
    unittest.main()
