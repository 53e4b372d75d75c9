"""`export` of whole models to PyTorch: what becomes of features before and of outputs behind the layers, names, shared and averaged
weights."""
import os
import struct
import unittest
import zipfile

import h5py
import numpy as np

import exported
import safetensors_file

torch = exported.torch
SAMPLES = 24
CONFIG = """
run: {{seed: 7}}
data: {{{data}}}
model:
  layers: [{layers}]
loss: {{{loss}}}
train: {{epochs: 2, batch: 8, virtual_ranks: 2, {train}}}
optim: {{name: sgd, lr: 0.01}}
"""
IMAGE = "{conv2d: {out: 4, kernel: 3, padding: 1, name: a.b}}, {batchnorm: {name: a}}, relu, {linear: {out: 3, name: train}}"
PIXELS = "{conv2d: {out: 4, kernel: 3, padding: 1}}, tanh, {conv2d: {out: 3, kernel: 1}}"
FEATURES = "{linear: 7}, tanh, {linear: 3}"


@unittest.skipIf(exported.MISSING, exported.MISSING)
class Models(exported.Case):
    def setUp(self):
        super().setUp()
        self.random = np.random.default_rng(5)

    def images(self, *shape):
        return (3 * self.random.standard_normal((SAMPLES, *shape)) + 1).astype(np.float32)

    def classes(self, *shape):
        return self.random.integers(0, 3, (SAMPLES, *shape))

    def checkpoint(self, x, y, layers, data="normalize: auto", loss="name: cross_entropy", train="", names=None):
        self.x, self.file = x, self.data("data.h5", x, y)
        if names:
            with h5py.File(self.file, "a") as f:
                f["y"].attrs["class_names"] = names
        return self.trained(self.write("net.yaml", CONFIG.format(data=f'train: "{self.file}", {data}', layers=layers, loss=loss, train=train)))

    def compare(self, checkpoint, *flags):
        return self.compare_model(checkpoint, self.x, self.file, *flags)

    def test_classes_with_names(self):
        names = ['a "b"', "c\\d", "été"]
        model = self.compare(self.checkpoint(self.images(2, 6, 5), self.classes(), IMAGE, names=names))
        self.assertEqual(model.names, names)

    def test_bytes_and_limited_outputs(self):
        x = self.random.integers(0, 256, (SAMPLES, 2, 6, 5)).astype(np.uint8)
        self.compare(self.checkpoint(x, self.classes(), IMAGE, train="clip_logits: 0.1"))

    def test_labels(self):
        y = self.random.integers(0, 2, (SAMPLES, 3)).astype(np.uint8)
        model = self.compare(self.checkpoint(self.images(6), y, FEATURES, "normalize: standard", "name: bce_with_logits"))
        self.assertIsNone(model.names)

    def test_values_in_their_units(self):
        y = (100 * self.random.standard_normal((SAMPLES, 3)) + 1000).astype(np.float32)
        self.compare(self.checkpoint(self.images(6), y, FEATURES, "normalize: standard, target_normalize: standard", "name: mse"))

    def test_logarithms_of_values(self):
        y = self.random.poisson(2, (SAMPLES, 3)).astype(np.float32)
        self.compare(self.checkpoint(self.images(6), y, FEATURES, loss="name: poisson_nll"))

    def test_log_probabilities(self):
        self.compare(self.checkpoint(self.images(6), self.classes(), FEATURES + ", log_softmax", loss="name: nll"))

    def test_positions(self):
        self.compare(self.checkpoint(self.images(2, 6, 5), self.classes(6, 5), PIXELS))

    def test_missing_values(self):
        x = self.images(6)
        x[self.random.random(x.shape) < 0.2] = np.nan
        self.compare(self.checkpoint(x, self.classes(), FEATURES, "normalize: standard, missing: mean"))

    def test_transforms(self):
        transforms = ("[{clip: {min: -2, max: [5, 6]}}, log1p, {standard: {per: channel}}, {resize: {size: [9, 8]}}, {crop_center: {size: [6, 7]}}, "
                      "{channels: {keep: [1, 0, 1]}}, {minmax: {}}, {maxabs: {}}, {scale: {factor: 2}}]")
        self.compare(self.checkpoint(self.images(2, 6, 5), self.classes(), IMAGE, f"transforms: {transforms}"))

    def test_the_middle_of_samples(self):
        augment = "[{window: {size: [7, 6]}}, {flip: {}}, {crop: {padding: 1, size: [5, 5]}}]"
        self.compare(self.checkpoint(self.images(2, 9, 8), self.classes(), IMAGE, f"normalize: auto, augment: {augment}"))

    def test_averaged_and_plain_weights(self):
        checkpoint = self.checkpoint(self.images(2, 6, 5), self.classes(), IMAGE, train="ema: 0.9")
        averaged, plain = self.compare(checkpoint), self.compare(checkpoint, "--plain-weights")
        self.assertFalse(torch.equal(averaged.layer("train").weight, plain.layer("train").weight))

    def test_shared_weights(self):
        layers = ("{batchnorm: {name: n}}, {linear: {out: 4, positions: true, name: first}}, {batchnorm: {share: n, name: m}}, "
                  "{linear: {out: 4, positions: true, name: second, share: first}}, {linear: 3}")
        checkpoint = self.checkpoint(self.images(4, 5), self.classes(), layers, "normalize: auto, layout: NCL")
        model = self.compare(checkpoint)
        self.assertIs(model.layer("first").weight, model.layer("second").weight)
        self.assertIs(model.layer("n").running_mean, model.layer("m").running_mean)
        names = set(model.state_dict())
        self.assertLessEqual({"first.weight", "second.weight", "m.num_batches_tracked"}, names)
        header, values = safetensors_file.read(self.export(checkpoint, "shared.safetensors"))
        self.assertLessEqual(set(header) - {"__metadata__"}, names)
        self.assertEqual(values["first.weight"].tobytes(), values["second.weight"].tobytes())

    def test_the_archive(self):
        """A zip file without errors, whose tensors a reader can map."""
        folder = self.export(self.checkpoint(self.images(2, 6, 5), self.classes(), IMAGE), "folder")
        path = os.path.join(folder, "weights.pt")
        with zipfile.ZipFile(path) as archive, open(path, "rb") as f:
            self.assertIsNone(archive.testzip())
            for entry in archive.infolist():
                f.seek(entry.header_offset + 26)
                name, extra = struct.unpack("<HH", f.read(4))
                self.assertEqual((entry.header_offset + 30 + name + extra) % 64, 0, entry.filename)

    def test_the_state_dict_goes_back(self):
        model = self.compare(self.checkpoint(self.images(2, 6, 5), self.classes(), IMAGE))
        again = type(model)()
        again.load_state_dict(model.float().state_dict())
        x = torch.tensor(self.x)
        self.assertTrue(torch.equal(again.eval()(x), model(x)))


if __name__ == "__main__":
    unittest.main()
