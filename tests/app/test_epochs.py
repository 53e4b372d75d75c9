"""metrics.csv: its rows are what metrics.jsonl says, also of a run that was stopped and resumed."""
import csv
import glob
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import harness  # noqa: E402

CONFIG = """
run: {{name: epochs}}
data: {{train: "synthetic:1x4x4:3:300", {val}}}
model:
  layers:
    - linear: 3
train: {{epochs: 5, batch: 60}}
optim: {{name: sgd, lr: 0.05}}
checkpoint: {{keep: 5}}
log: {{every_steps: 2, report_every: 1}}
"""
FIRST = ["epoch", "step", "lr", "train.loss", "train.accuracy"]
LAST = ["seconds", "samples_per_second", "data_share", "compute_share", "sync_share"]


def table(folder):
    with open(os.path.join(folder, "metrics.csv"), newline="") as f:
        text = f.read()
    assert text.endswith("\n")
    return list(csv.reader(text.splitlines()))


def expected(folder):
    """The same table from metrics.jsonl, with numbers."""
    with open(os.path.join(folder, "metrics.jsonl")) as f:
        lines = [json.loads(line) for line in f]
    evals = {line["epoch"]: line for line in lines if line["kind"] == "eval"}
    names = [key for key, value in next(iter(evals.values()), {}).items() if key not in ("epoch", "step", "kind", "split")]
    rows = [FIRST + ["val." + name for name in names] + LAST]
    for line in lines:
        if line["kind"] == "epoch":
            rows.append([line.get(key.replace("train.", "")) for key in FIRST] + [evals[line["epoch"]][name] for name in names]
                        + [line[key] for key in LAST])
    return rows


class Epochs(harness.Case):
    def check(self, folder, epochs):
        found, wanted = table(folder), expected(folder)
        self.assertEqual(found[0], wanted[0])
        self.assertEqual([[float(cell) if cell else None for cell in row] for row in found[1:]], wanted[1:])
        self.assertEqual([int(row[0]) for row in found[1:]], list(range(1, epochs + 1)))
        self.assertEqual(glob.glob(os.path.join(folder, "*.tmp.*")), [])

    def test_rows(self):
        for name, val in (("with", 'val: "synthetic:1x4x4:3:60"'), ("without", "normalize: none")):
            with self.subTest(name):
                self.check(self.train(self.write(name + ".yaml", CONFIG.format(val=val))).folder, 5)

    def test_resume(self):
        """Rows after the checkpoint are written again, and end with the run."""
        config = self.write("run.yaml", CONFIG.format(val='val: "synthetic:1x4x4:3:60"'))
        whole = self.train(config)
        point = harness.checkpoint_of_epoch(whole.folder, 2)
        for path in glob.glob(os.path.join(whole.folder, "checkpoints", "*")):
            if path != point:
                os.remove(path)
        before = [row[:-len(LAST)] for row in table(whole.folder)]
        flags = ["train", config, "-o", whole.folder, "--resume", "auto", "--log.report_every=0"]
        self.assertEqual(harness.run([*flags, "--train.epochs=3"]).returncode, 0)
        self.check(whole.folder, 3)
        self.assertEqual(harness.run(flags).returncode, 0)
        self.check(whole.folder, 5)
        self.assertEqual([row[:-len(LAST)] for row in table(whole.folder)], before)


if __name__ == "__main__":
    harness.unittest.main()
