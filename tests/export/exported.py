"""What the tests of `ddp_train export` share: small networks that train for a step, what `predict` says of them, and a bound.

The bound: float64 is the truth, and the program may be as far from it as 8 times what PyTorch's own float32 is, anywhere in the same
outputs, or 8 roundings of the largest of them; a whole model also as far as its sums may round (rounding.py), as PyTorch's own error may
be small by chance.
"""
import importlib.util
import os
import sys

import h5py
import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import harness  # noqa: E402
import rounding  # noqa: E402

try:
    import torch
    MISSING = None
except ImportError as error:
    torch, MISSING = None, f"{error.name} is not installed"

FACTOR, ULP = 8, 2.0**-23


class Case(harness.Case):
    def data(self, name, x, y):
        with h5py.File(self.path(name), "w") as f:
            f["x"], f["y"] = x, y
        return self.path(name)

    def trained(self, config, flags=()):
        """The checkpoint of a run."""
        return self.train(config, flags=flags).final

    def export(self, checkpoint, name, *flags):
        process = harness.run(["export", checkpoint, self.path(name), *flags])
        self.assertEqual(process.returncode, 0, process.stderr)
        return self.path(name)

    def predict(self, checkpoint, data, *flags):
        """{name: array} of what `predict` writes."""
        out = self.path("predictions.h5")
        process = harness.run(["predict", checkpoint, "--data", data, "--out", out, "--force", *flags])
        self.assertEqual(process.returncode, 0, process.stderr)
        with h5py.File(out) as f:
            return {name: f[name][()] for name in f}

    def close(self, ours, single, double, what, terms=0):
        """Whether `ours` is as near to `double` as `single` is, or as sums of `terms` are; infinite and NaN where it is."""
        self.assertEqual(ours.shape, double.shape, what)
        finite = np.isfinite(double)
        self.assertTrue(np.array_equal(finite, np.isfinite(ours)), what)
        if not finite.any():
            return
        ours, single, double = ours[finite].astype(np.float64), single[finite].astype(np.float64), double[finite]
        bound = max(FACTOR * np.abs(single - double).max(), FACTOR * ULP * np.abs(double).max(), rounding.bound(terms, double))
        apart = np.abs(ours - double)
        self.assertLessEqual(apart.max(), bound, f"{what}, output {apart.argmax()} of {apart.size}")

    def compare_model(self, checkpoint, x, data, *flags):
        """The Model that is exported to PyTorch, in float64, after comparing all that `predict` writes of `data`, whose features are x."""
        ours = self.predict(checkpoint, data, *flags)
        model = load(self.export(checkpoint, "model", "--force", *flags))
        x = torch.tensor(x)
        self.assertEqual(hasattr(model, "probabilities"), "probabilities" in ours)
        with torch.no_grad():
            single, predicted = model(x), model.predict(x)
            probabilities = model.probabilities(x) if "probabilities" in ours else None
            if x.is_floating_point():  # h5py reads features as they are stored, which may be float64
                self.assertTrue(torch.equal(model(x.double()), single))
            terms = x[0].numel() + sum(p[0].numel() for p in model.parameters() if p.dim() > 1)
            model, x = model.double(), x.double()
            self.close(ours["logits"], single.numpy(), model(x).numpy(), "outputs", terms)
            if probabilities is not None:
                self.close(ours["probabilities"], probabilities.numpy(), model.probabilities(x).numpy(), "probabilities", terms)
            if predicted.is_floating_point():
                self.close(ours["predicted"], predicted.numpy(), model.predict(x).numpy(), "values", terms)
            else:
                self.assertTrue(np.array_equal(ours["predicted"], predicted.numpy()))
        return model


def load(folder):
    """The model of an exported folder."""
    spec = importlib.util.spec_from_file_location("model", os.path.join(folder, "model.py"))
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode = True
    spec.loader.exec_module(module)
    return module.Model.load()
