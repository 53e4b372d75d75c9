"""What an ONNX file holds beside the layers: what samples go through before the first one, outputs, facts, tensors elsewhere.

onnxruntime gets the numbers as they are stored and gives what `ddp_train predict` writes.
"""
import json
import os
import unittest

import h5py
import numpy

import onnx_case
from packages import harness


def numbers(shape, seed=7):
    return numpy.random.default_rng(seed).normal(1, 3, shape).astype(numpy.float32)


class Ends(onnx_case.OnnxCase):
    def train_on(self, x, y, data, layers, loss, more="", attributes=None):
        """The checkpoint of a run over samples."""
        with h5py.File(self.path("all.h5"), "w") as f, h5py.File(self.path("five.h5"), "w") as five:
            f["x"], f["y"], five["x"] = x, y, x[:5]
            for item in (f["x"], five["x"], f["y"]):
                item.attrs.update((attributes or {}) if item.name == "/x" else {})
        config = self.write("config.yaml", f"data: {{train: {self.path('all.h5')}, {data}}}\nmodel:\n  layers: [{layers}]\n"
                            f"loss: {{{loss}}}\ntrain: {{epochs: 1, batch: 8, virtual_ranks: 2, {more}}}\n")
        return self.train(config).final

    def check(self, x, *arguments, features=None, **more):
        """Both programs agree; returns the outputs of onnxruntime. `features` are the samples as a network has them."""
        checkpoint = self.train_on(x, *arguments, **more)
        expected = self.predict(checkpoint, self.path("five.h5"))
        path = self.export(checkpoint, flags=["--probabilities"] if "probabilities" in expected else [])
        return self.check_outputs(path, x if features is None else features, expected)

    def test_images_through_transforms(self):
        x = numpy.random.default_rng(3).integers(0, 256, (16, 11, 14, 3), numpy.uint8)
        steps = ["{channels: [2, 0]}", "{resize: [9, 17]}", "{crop_center: {size: [6, 13]}}", "log1p", "standard",
                 "{clip: {min: [-1, -0.5], max: 0.9}}", "{scale: {factor: [2, 3], offset: -1}}", "{resize: {size: [12, 5], mode: nearest}}"]
        self.check(x, numpy.arange(16) % 3, f"layout: NHWC, transforms: [{', '.join(steps)}]", "conv2d: {out: 3, kernel: 3}, linear: 3",
                   "name: cross_entropy", features=x.transpose(0, 3, 1, 2))

    def test_middle_of_images(self):
        """Augmentation takes parts at random; the network is built for these, and gets the middle."""
        x = numpy.random.default_rng(4).integers(0, 256, (16, 10, 13), numpy.uint8)
        self.check(x, numpy.arange(16) % 2, "augment: [{window: {size: [7, 10]}}, {crop: {size: [4, 9]}}, flip], transforms: [{resize: [8, 9]}]",
                   "linear: 2", "name: cross_entropy", features=x[:, None])

    def test_tables(self):
        x, y = numbers((16, 6)), numbers((16, 2), 8)
        x[numpy.random.default_rng(1).random(x.shape) < 0.3] = numpy.nan
        found = self.check(x, y, "normalize: standard, missing: mean, target_normalize: standard", "linear: 2", "name: mse")
        self.assertTrue(numpy.isfinite(found["predicted"]).all())
        self.check(numbers((16, 2, 3, 4)), y, "transforms: [{minmax: {per: feature, max: 2}}, maxabs]", "linear: 2", "name: mse")

    def test_probabilities(self):
        """Of every kind of outputs."""
        x, classes, labels = numbers((16, 6)), numpy.arange(16) % 3, (numbers((16, 3), 9) > 0).astype(numpy.uint8)
        for y, layers, loss, names in (
                (classes, "linear: 3, log_softmax", "name: nll", ["probabilities"]),
                (classes, "linear: 3", "name: multi_margin", []),
                (labels, "linear: 3", "name: bce_with_logits", ["probabilities"]),
                (labels, "linear: 3, sigmoid", "name: bce", ["probabilities"]),
                (labels.astype(numpy.float32), "linear: 3", "name: poisson_nll", ["predicted"])):
            with self.subTest(loss):
                self.assertEqual(list(self.check(x, y, "normalize: auto", layers, loss)), ["logits", *names])

    def test_limited_outputs(self):
        found = self.check(numbers((16, 6)), numpy.arange(16) % 3, "normalize: none", "linear: 3, {scale: 9}", "name: cross_entropy",
                           more="clip_logits: 5")
        self.assertEqual(numpy.abs(found["logits"]).max(), 5)

    def test_layers_named_like_the_ends(self):
        """Nodes before and behind the network have names of their own."""
        self.check(numbers((16, 2, 3, 4)), numbers((16, 3)), "normalize: none, target_normalize: standard",
                   "linear: {out: 3, name: output, bias: false}", "name: mse", more="clip_logits: 50")

    def test_input_alone(self):
        """No node but the one that gives the output its name."""
        self.check(numbers((16, 3)), numpy.arange(16) % 3, "normalize: none", "identity", "name: cross_entropy")

    def test_padding_wider_than_the_kernel(self):
        """As dilation allows it; older versions of PyTorch and onnxruntime refuse it."""
        self.check(numbers((16, 2, 7, 8)), numpy.arange(16) % 3, "normalize: none",
                   "maxpool2d: {kernel: 2, dilation: [5, 1], padding: [3, 0], stride: 1}, linear: 3", "name: cross_entropy")

    def test_labels_of_positions(self):
        y = numpy.arange(16 * 30).reshape(16, 5, 6) % 3
        self.check(numbers((16, 2, 5, 6)), y, "normalize: auto", "conv2d: {out: 3, kernel: 1}", "name: cross_entropy")

    def test_tensors_in_a_file_of_their_own(self):
        x = numbers((16, 40))
        checkpoint = self.train_on(x, numpy.arange(16) % 3, "normalize: standard", "linear: 64, relu, linear: 3", "name: cross_entropy")
        whole, split = self.export(checkpoint), self.export(checkpoint, "split.onnx", ["--external-data"])
        self.assertEqual(sorted(os.listdir(self.folder))[-2:], ["split.onnx", "split.onnx.data"])
        self.assertLess(os.path.getsize(split), 10000)
        elsewhere = {t.name: {e.key: e.value for e in t.external_data} for t in
                     onnx_case.onnx.load(split, load_external_data=False).graph.initializer if t.data_location}
        self.assertEqual({name: entry["location"] for name, entry in elsewhere.items()}, {"00_linear.weight": "split.onnx.data"})
        self.assertEqual(int(elsewhere["00_linear.weight"]["offset"]) % 4096, 0)
        self.assertEqual(os.path.getsize(split + ".data"), 64 * 40 * 4)
        for name, values in self.outputs(whole, x).items():
            self.assertEqual(values.tobytes(), self.outputs(split, x)[name].tobytes())
        os.remove(split)
        done = harness.run(["export", checkpoint, split, "--external-data"])
        self.assertEqual((done.returncode, os.path.exists(split)), (2, False))
        self.assertIn("split.onnx.data: exists already", done.stderr)

    def test_what_cannot_be_written(self):
        checkpoint = self.train_on(numbers((16, 4)), numpy.arange(16) % 3, "normalize: none", "linear: 3", "name: cross_entropy")
        for flag in ("--probabilities", "--external-data"):
            done = harness.run(["export", checkpoint, self.path("m.safetensors"), flag])
            self.assertEqual(done.returncode, 2)
            self.assertIn(f"has no {flag}; leave it out", done.stderr)
        checkpoint = self.train_on(numbers((16, 4)), numbers((16, 1)), "normalize: none", "linear: 1", "name: mse")
        done = harness.run(["export", checkpoint, self.path("m.onnx"), "--probabilities"])
        self.assertEqual((done.returncode, os.path.exists(self.path("m.onnx"))), (2, False))
        self.assertIn("--probabilities: the loss mse defines none", done.stderr)
        done = harness.run(["export", checkpoint, self.path("none/m.onnx")])
        self.assertEqual(done.returncode, 1)
        self.assertIn("none/m.onnx: cannot be written: No such file", done.stderr)

    def test_trained_demo(self):
        """Its digits are recognised from the raw pixels, and what stands beside the network says what they are."""
        done = harness.run(["demo-data", self.path("demo.h5")])
        self.assertEqual(done.returncode, 0, done.stderr)
        demo = self.path("demo.yaml")
        done = harness.run(["init", demo])
        self.assertEqual(done.returncode, 0, done.stderr)
        run = harness.Run(demo, self.path("demo"), 2, ["--train.epochs=1"])
        path = self.export(run.final, flags=["--probabilities"])
        with h5py.File(self.path("demo.h5"), "r") as f:
            x, y = f["test/images"][:100], f["test/labels"][:100]
        with h5py.File(self.path("some.h5"), "w") as f:
            f["x"] = x
        expected = self.predict(run.final, self.path("some.h5"))
        self.check_outputs(path, x, expected)
        found = self.outputs(path, x)
        self.assertTrue((found["logits"].argmax(1) == expected["predicted"]).all())
        self.assertGreater((found["logits"].argmax(1) == y).mean(), 0.8)
        numpy.testing.assert_allclose(found["probabilities"].sum(1), 1, atol=1e-5)
        facts = {p.key: p.value for p in onnx_case.onnx.load(path).metadata_props}
        self.assertEqual(json.loads(facts["class_names"]), [str(i) for i in range(10)])
        self.assertEqual((facts["task"], facts["weights_hash"]), ("classes", run.done["weights_hash"]))


if __name__ == "__main__":
    unittest.main()
