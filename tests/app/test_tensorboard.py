"""Event files as TensorBoard reads them: every scalar is the one in metrics.jsonl, the picture is confusion.csv."""
import csv
import glob
import io
import json
import os
import struct
import sys

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path[:0] = [os.path.join(TESTS, "e2e"), os.path.join(TESTS, "export")]
import harness  # noqa: E402
import packages  # noqa: E402

CONFIG = """
run: {{name: events}}
data: {{train: "{data}", {more}}}
model:
  layers:
    - linear: 3
loss: {{name: {loss}}}
train: {{epochs: 4, batch: 60}}
optim: {{name: sgd, lr: 0.05}}
schedule: {{name: cosine}}
checkpoint: {{keep: 5}}
log: {{every_steps: 2, tensorboard: true}}
"""
CLASSES = {"data": "synthetic:1x4x4:3:300", "more": 'val: "synthetic:1x4x4:3:90"', "loss": "cross_entropy"}
NOT_METRICS = ("kind", "split", "epoch", "step", "count", "correct")
EPOCH = {"loss": "train/loss", "accuracy": "train/accuracy", "lr": "train/lr", "seconds": "time/seconds", "samples_per_second": "time/samples_per_second"}
PICTURE = "val/confusion_matrix"


def checksum(data):
    """CRC-32C bit by bit, rotated by 15 bits, plus a constant: as TFRecord files have it."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def records(path):
    """The records of a file whose every checksum is right."""
    with open(path, "rb") as f:
        data = f.read()
    found, at = [], 0
    while at < len(data):
        (length,) = struct.unpack_from("<Q", data, at)
        record = data[at + 12:at + 12 + length]
        sums = struct.unpack_from("<I", data, at + 8) + struct.unpack_from("<I", data, at + 12 + length)
        assert sums == (checksum(data[at:at + 8]), checksum(record)), f"{path}: record {len(found)}"
        found.append(record)
        at += 16 + length
    return found


def files(folder):
    return sorted(glob.glob(os.path.join(folder, "events.out.tfevents.*")))


def expected(folder):
    """{tag: [(step, value)]} of metrics.jsonl, in float32."""
    found = {}
    with open(os.path.join(folder, "metrics.jsonl")) as f:
        lines = [json.loads(line) for line in f]
    for line in lines:
        names = {"step": {key: "step/" + key for key in ("loss", "accuracy", "lr")}, "epoch": EPOCH,
                 "eval": {key: "val/" + key for key in line if key not in NOT_METRICS}}.get(line["kind"], {})
        for key, tag in names.items():
            if line.get(key) is not None:
                (value,) = struct.unpack("f", struct.pack("f", line[key]))
                found.setdefault(tag, []).append((line["step"], value))
    return found


class TensorBoard(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.loader = packages.needs("tensorboard.backend.event_processing.event_accumulator")

    def load(self, folder):
        found = self.loader.EventAccumulator(folder, size_guidance={self.loader.SCALARS: 0, self.loader.IMAGES: 0})
        return found.Reload()

    def check(self, folder):
        events = self.load(folder)
        self.assertEqual({tag: [(e.step, e.value) for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}, expected(folder))
        return events

    def test_classes(self):
        run = self.train(self.write("run.yaml", CONFIG.format(**CLASSES)))
        events = self.check(run.folder)
        (path,) = files(run.folder)
        # version, start, steps, epochs, evaluations
        self.assertEqual(len(records(path)), 2 + sum(len(run.of_kind(kind)) for kind in ("step", "epoch", "eval")))
        times = [e.wall_time for e in events.Scalars("step/loss")]
        self.assertEqual(times, sorted(times))
        self.assertLess(abs(times[-1] - os.path.getmtime(path)), 60)
        self.assertEqual([e.step for e in events.Images(PICTURE)], [line["step"] for line in run.of_kind("eval")])
        self.look(run.folder, events.Images(PICTURE)[-1])

    def look(self, folder, image):
        """The middle of each square has the shade of its share of the true class."""
        picture = packages.needs("PIL.Image").open(io.BytesIO(image.encoded_image_string))
        self.assertEqual((image.width, image.height), picture.size)
        picture = picture.convert("RGB")
        with open(os.path.join(folder, "confusion.csv"), newline="") as f:
            counts = [[int(cell) for cell in row[1:]] for row in list(csv.reader(f))[1:]]
        side = image.width // len(counts)
        for i, row in enumerate(counts):
            for k, count in enumerate(row):
                share = count / sum(row)
                for dx, dy in ((0, 0), (side // 2, side // 2), (side - 1, side - 1)):
                    colour = picture.getpixel((k * side + dx, i * side + dy))
                    for value, dark in zip(colour, (8, 48, 107)):
                        self.assertLessEqual(abs(value - (255 - (255 - dark) * share)), 1.5)

    def test_targets(self):
        """A task without accuracy and without a matrix; no validation set."""
        import h5py
        import numpy as np
        x = np.random.default_rng(1).standard_normal((120, 4)).astype(np.float32)
        with h5py.File(self.path("values.h5"), "w") as f:
            f["x"], f["y"] = x, x[:, :3] * 2
        events = self.check(self.train(self.write("run.yaml", CONFIG.format(data=self.path("values.h5"), more="normalize: none", loss="mse"))).folder)
        self.assertEqual(sorted(events.Tags()["scalars"]), ["step/loss", "step/lr", "time/samples_per_second", "time/seconds", "train/loss", "train/lr"])
        self.assertEqual(events.Tags()["images"], [])

    def test_resume(self):
        """What was written after the checkpoint is replaced, also where a killed run left half a record."""
        config = self.write("run.yaml", CONFIG.format(**CLASSES))
        folder = self.train(config).folder
        before = expected(folder)
        point = harness.checkpoint_of_epoch(folder, 2)
        for path in glob.glob(os.path.join(folder, "checkpoints", "*")):
            if path != point:
                os.remove(path)
        (first,) = files(folder)
        with open(first, "rb+") as f:
            f.truncate(os.path.getsize(first) - 7)
        self.assertEqual(harness.run(["train", config, "-o", folder, "--resume", "auto"]).returncode, 0)
        self.assertEqual([first], files(folder)[:1])
        self.assertEqual(len(files(folder)), 2)
        records(files(folder)[1])
        events = self.check(folder)
        self.assertEqual({tag: values for tag, values in before.items() if "time/" not in tag},
                         {tag: values for tag, values in expected(folder).items() if "time/" not in tag})
        steps = [e.step for e in events.Images(PICTURE)]
        self.assertEqual(steps, [step for step, _ in before["val/loss"]])

    def test_files(self):
        """None by default; a run that replaces another removes its files, and no others."""
        config = self.write("run.yaml", CONFIG.format(**CLASSES))
        folder = self.train(config, flags=["--train.epochs=1"]).folder
        other = os.path.join(folder, "events.out.tfevents.1.elsewhere")
        open(other, "w").close()
        flags = ["train", config, "-o", folder, "--overwrite", "--train.epochs=1", "--log.tensorboard=false"]
        self.assertEqual(harness.run(flags).returncode, 0)
        self.assertEqual(files(folder), [other])


if __name__ == "__main__":
    harness.unittest.main()
