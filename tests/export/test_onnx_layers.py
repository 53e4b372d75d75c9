"""Every kind of layer with awkward arguments gives in onnxruntime what `ddp_train predict` writes.

The cases of samples with the same number of axes are branches of one network (networks.py), whose outputs stand one after the other.
"""
import re
import unittest

import h5py
import numpy

import networks
import onnx_case
from packages import harness

SHAPES = {0: (4,), 1: (4, 11), 2: (4, 9, 7), 3: (4, 5, 6, 5)}
LAYOUTS = ("auto", "NCL", "NCHW", "NCDHW")
OF_BATCH = "track_running_stats: false"  # its outputs depend on who is beside a sample


class Layers(onnx_case.OnnxCase):
    def check(self, axes):
        x = numpy.random.default_rng(5).normal(size=(16, *SHAPES[axes])).astype(numpy.float32)
        with h5py.File(self.path("x.h5"), "w") as f, h5py.File(self.path("five.h5"), "w") as five:
            f["x"], f["y"], five["x"] = x, numpy.zeros(16, int), x[:5]
        config = self.write("net.yaml", f"data: {{train: {self.path('x.h5')}, normalize: none, layout: {LAYOUTS[axes]}}}\n"
                            f"model:\n  layers:\n{networks.network(axes)}\noptim: {{name: adam, lr: 0.1}}\n"
                            "train: {epochs: 2, batch: 16, virtual_ranks: 1}\n")
        checkpoint = self.train(config).final
        path = self.export(checkpoint)
        self.compare(path, x[:5], self.predict(checkpoint, self.path("five.h5"))["logits"], networks.branches(axes))
        return onnx_case.onnx.load(path)

    def widths(self, path):
        """How many outputs each branch has."""
        model = onnx_case.onnx.shape_inference.infer_shapes(onnx_case.onnx.load(path))
        found = {v.name: v.type.tensor_type.shape.dim[1].dim_value for v in model.graph.value_info if re.match(r"out\d+/", v.name)}
        return [found[name] for name in sorted(found, key=lambda name: int(re.findall(r"\d+", name)[0]))]

    def compare(self, path, x, expected, cases):
        together = self.outputs(path, x)["logits"]
        alone = numpy.concatenate([self.outputs(path, x[i:i + 1])["logits"] for i in range(len(x))])
        first = 0
        self.assertEqual(together.shape, expected.shape)
        for case, width in zip(cases, self.widths(path)):
            part = expected[:, first:first + width]
            bound = onnx_case.bound(x[0].size, part, 8)  # few terms: one rounding counts, and that of a position between two
            for got in (together,) if OF_BATCH in case else (together, alone):
                self.assertLessEqual(numpy.abs(got[:, first:first + width] - part).max(), bound, case)
            first += width
        self.assertEqual(first, expected.shape[1])

    def test_no_axes(self):
        self.check(0)

    def test_signals(self):
        self.check(1)

    def test_images(self):
        model = self.check(2)
        names = [t.name for t in model.graph.initializer]
        owner = next(i for i, text in enumerate(networks.branches(2)) if "share" in text)
        self.assertEqual(sorted(name for name in names if name.startswith(f"in{owner}_a.")), [f"in{owner}_a.bias", f"in{owner}_a.weight"])

    def test_volumes(self):
        self.check(3)


if __name__ == "__main__":
    unittest.main()
