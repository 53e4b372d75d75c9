"""The drawn sets: a linear model learns its training samples by heart and nothing about others."""
import unittest

import harness

CONFIG = """
run: {{name: drawn}}
data: {{train: "{train}", val: "{val}", normalize: {normalize}}}
model:
  layers:
{layers}
loss: {{name: {loss}}}
train: {{epochs: {epochs}, batch: 32, virtual_ranks: 2}}
optim: {{name: adam, lr: {lr}}}
"""


class Drawn(harness.Case):
    def scores(self, train, val, layers, normalize="none", loss="cross_entropy", epochs=8, lr=0.001):
        text = "\n".join(f"    - {layer}" for layer in layers)
        config = self.write("config.yaml", CONFIG.format(train=train, val=val, normalize=normalize, layers=text, loss=loss,
                                                         epochs=epochs, lr=lr))
        return self.train(config, 2).of_kind("eval")[-1]

    def test_waves_are_not_linear(self):
        found = self.scores("waves:train[:6000]", "waves:test[:1500]", ["flatten", "linear: 10"])
        print(f"waves, linear: accuracy {found['accuracy']}")
        self.assertLess(found["accuracy"], 0.2)  # one in ten is chance

    def test_pixels_are_not_linear(self):
        for name, classes in (("shapes", 4), ("storms", 3)):
            layers = [f"conv2d: {{out: {classes}, kernel: 9, padding: same}}"]
            found = self.scores(f"{name}:train:64[:400]", f"{name}:test:64[:100]", layers, normalize="standard", epochs=6, lr=0.01)
            print(f"{name}, linear: mean IoU {found['iou']}")
            self.assertLess(found["iou"], 0.6)

    def test_fields_are_not_linear(self):
        found = self.scores("fields:train:16[:4000]", "fields:test:16[:500]", ["flatten", "linear: 4"], normalize="standard",
                            loss="mse", epochs=3, lr=0.0001)
        print(f"fields, linear: RMSE {found['rmse']}, R2 {found['r2']}")
        self.assertLess(found["r2"], 0)  # the mean of the training samples gives 0


if __name__ == "__main__":
    unittest.main()
