"""What the tests of `ddp_train export` share: small networks that train for a step, what `predict` says of them, and a bound.

The bound: float64 is the truth, and the program may be as far from it as 8 times what PyTorch's own float32 is, anywhere in the same
outputs, or 8 roundings of the largest of them. Of a whole model it may be as far as sqrt(K) times what rounding each weight once
changes, for sums of up to K terms: each addition rounds as well, and what that loses does not shrink where outputs are small.
"""
import importlib.util
import os
import sys

import h5py
import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import harness  # noqa: E402

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

    def close(self, ours, single, double, what, spread=0):
        """Whether `ours` is as near to `double` as `single` is, or as `spread`; infinite and NaN where it is."""
        self.assertEqual(ours.shape, double.shape, what)
        finite = np.isfinite(double)
        self.assertTrue(np.array_equal(finite, np.isfinite(ours)), what)
        if not finite.any():
            return
        ours, single, double = ours[finite].astype(np.float64), single[finite].astype(np.float64), double[finite]
        bound = max(FACTOR * np.abs(single - double).max(), FACTOR * ULP * np.abs(double).max(), spread)
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
            model, x = model.double(), x.double()
            self.close(ours["logits"], single.numpy(), model(x).numpy(), "outputs", spread(model, model, x))
            if probabilities is not None:
                self.close(ours["probabilities"], probabilities.numpy(), model.probabilities(x).numpy(), "probabilities",
                           spread(model, model.probabilities, x))
            if predicted.is_floating_point():
                self.close(ours["predicted"], predicted.numpy(), model.predict(x).numpy(), "values", spread(model, model.predict, x))
            else:
                self.assertTrue(np.array_equal(ours["predicted"], predicted.numpy()))
        return model


def spread(model, function, x):
    """How far outputs may be apart whose sums round: sqrt(K) times as far as they move when every weight is rounded, at random."""
    exact, kept, moved = function(x), [p.clone() for p in model.parameters()], 0
    random = torch.Generator().manual_seed(1)
    for _ in range(4):
        for p, value in zip(model.parameters(), kept):
            p.copy_(value * (1 + ULP / 2 * (2 * torch.randint(0, 2, value.shape, generator=random) - 1)))
        change = (function(x) - exact).abs()
        moved = max(moved, float(change.nan_to_num(0, 0, 0).max()))
    for p, value in zip(model.parameters(), kept):
        p.copy_(value)
    return moved * max(value[0].numel() for value in kept) ** 0.5 if kept else 0


def load(folder):
    """The model of an exported folder."""
    spec = importlib.util.spec_from_file_location("model", os.path.join(folder, "model.py"))
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode = True
    spec.loader.exec_module(module)
    return module.Model.load()
