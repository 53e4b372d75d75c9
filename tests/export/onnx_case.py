"""A model as an ONNX file: checked by onnx, run by onnxruntime, compared with `ddp_train predict`."""
import os

import h5py
import numpy

import packages
from packages import harness
from rounding import bound

onnx = runtime = None  # modules, once a test case is set up


def terms(model):
    """How many terms the sums have that stand one behind the other between input and output: those of each product with weights, and
    for means and norms all features of a sample."""
    count = numpy.prod([d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim[1:]])
    return count + sum(numpy.prod(t.dims[1:]) for t in model.graph.initializer if len(t.dims) > 1)


class OnnxCase(harness.Case):
    @classmethod
    def setUpClass(cls):
        global onnx, runtime
        onnx, runtime = packages.needs("onnx", "onnxruntime")

    def export(self, checkpoint, name="model.onnx", flags=()):
        """The path of the file, after onnx has found nothing wrong with it."""
        path = self.path(name)
        done = harness.run(["export", checkpoint, path, "--force", *flags])
        self.assertEqual(done.returncode, 0, done.stderr)
        onnx.checker.check_model(path, full_check=True)
        model = onnx.load(path)
        inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
        known = {v.name for v in [*inferred.graph.value_info, *inferred.graph.output]}
        for node in model.graph.node:
            self.assertTrue(set(node.output) <= known, f"no shape of {node.name}")
        return path

    def predict(self, checkpoint, data, flags=()):
        """{name: array} of what the program predicts."""
        out = self.path("predictions.h5")
        done = harness.run(["predict", checkpoint, "--data", data, "--out", out, "--force", *flags])
        self.assertEqual(done.returncode, 0, done.stderr)
        with h5py.File(out, "r") as f:
            return {name: item[()] for name, item in f.items()}

    def session(self, path):
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        return runtime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def outputs(self, path, features):
        """{name: array} of what onnxruntime computes."""
        session = self.session(path)
        names = [o.name for o in session.get_outputs()]
        return dict(zip(names, session.run(names, {"input": features})))

    def check_outputs(self, path, features, expected):
        """The same outputs, of five samples together and of each alone."""
        model = onnx.load(path)
        together = self.outputs(path, features[:5])
        alone = [self.outputs(path, features[i:i + 1]) for i in range(len(features[:5]))]
        for name, found in together.items():
            most = bound(terms(model), expected[name][:5])
            self.assertEqual(found.shape, expected[name][:5].shape, name)
            for what, got in ((name, found), (f"{name}, one by one", numpy.concatenate([o[name] for o in alone]))):
                self.assertLessEqual(numpy.abs(got - expected[name][:5]).max(), most, what)
        return together
