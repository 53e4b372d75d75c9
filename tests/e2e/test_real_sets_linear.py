"""Linear models trained to convergence on published data, beside the closed-form solutions in the data's README."""
# processors: 2
import unittest

import h5py
import numpy as np

import harness
import real_sets

# Full batches, so that gradient descent with momentum converges to the minimum itself. The number of virtual ranks divides the
# number of rows. All steps of an epoch are one, and checkpoints in between would take longer than training.
CONFIG = """
data: {{train: "{train}", val: "{val}", normalize: standard, target_normalize: {targets}, labels: target}}
model:
  input: [{features}]
  layers:
    - linear: {outputs}
loss: {{name: mse}}
train: {{epochs: {epochs}, batch: {batch}, virtual_ranks: {virtual_ranks}}}
optim: {{name: sgd, lr: {lr}, momentum: {momentum}, weight_decay: {weight_decay}}}
checkpoint: {{every_epochs: 0, best: ""}}
log: {{every_steps: 0}}
"""


def ridge(x, y, penalty):
    """Weights and biases by the README's formula, for features with mean 0 and deviation 1, in double precision."""
    z = np.hstack([(x - x.mean(0)) / x.std(0), np.ones((len(x), 1))])
    return np.linalg.solve(z.T @ z + penalty * len(z) * np.eye(z.shape[1]), z.T @ y)


class Linear(real_sets.Case):
    # The README's figures have four or five digits, and are met to the last of them: 1e-4 is wide enough for what they
    # leave out, and what is asked for is 5e-3.
    def near(self, found, expected, what):
        self.assertLessEqual(abs(found / expected - 1), 1e-4, f"{what} {found}, not {expected}")

    def fit(self, path, train, test, virtual_ranks, weight_decay=0, targets="none", **settings):
        """A run on 2 ranks, and features and labels of the set it is scored on."""
        x, y = real_sets.rows(path, train)
        x_test, y_test = real_sets.rows(path, test)
        self.assertEqual(len(x) % virtual_ranks, 0)
        train, test = (f"{path}:{group}" if group else path for group in (train, test))
        outputs = y.reshape(len(y), -1).shape[1]
        config = CONFIG.format(train=train, val=test, features=x.shape[1], outputs=outputs, batch=len(x), virtual_ranks=virtual_ranks,
                               weight_decay=weight_decay, targets=targets, **settings)
        run = self.train(self.write("config.yaml", config), 2)
        self.assertEqual(real_sets.scores(run)["count"], len(x_test))
        return run, x_test, y_test.reshape(len(y_test), -1)

    def regression(self, path, train, test, expected, **settings):
        """The program's scores of every target and their averages, and the same from its weights in double precision."""
        run, x, y = self.fit(path, train, test, targets="standard", **settings)
        error = real_sets.outputs(run, x) - y
        rmse, mae = np.sqrt((error ** 2).mean(0)), np.abs(error).mean(0)
        r2 = 1 - (error ** 2).sum(0) / ((y - y.mean(0)) ** 2).sum(0)
        found = real_sets.scores(run)
        for name, values, figures in zip(("rmse", "mae", "r2"), (rmse, mae, r2), expected):
            print(name, values, "mean by the program", found[name])
            for figure, *both in zip(figures, values, real_sets.parts(run, "targets", name), strict=True):
                for value in both:
                    self.near(value, figure, name)
            self.near(found[name], np.mean(figures), f"the program's {name}")

    def test_california_housing(self):
        settings = {"virtual_ranks": 8, "epochs": 500, "lr": 0.1, "momentum": 0.95}
        with self.subTest("fitted to train, scored on test"):
            self.regression(self.convert("california-housing"), "train", "test", ([69412.6], [50888.2], [0.6352]), **settings)
        with self.subTest("all rows"):
            self.regression(self.convert("california-housing", split=False), "", "", ([69513.5], [50765.5], [0.6371]), **settings)

    # Features are collinear: the minimum is a plane of weights that all predict the same, here and on any row of the file.
    def test_energy_efficiency(self):
        settings = {"epochs": 2000, "lr": 0.1, "momentum": 0.99}
        with self.subTest("fitted to train, scored on test"):
            self.regression(self.convert("energy-efficiency"), "train", "test", ([2.8451, 3.5048], [2.0482, 2.3588], [0.9207, 0.8689]),
                            virtual_ranks=5, **settings)
        with self.subTest("all rows"):
            self.regression(self.convert("energy-efficiency", split=False), "", "",
                            ([2.9190, 3.1845], [2.0669, 2.2424], [0.9162, 0.8878]), virtual_ranks=8, **settings)

    def test_letters_by_least_squares(self):
        letters, onehot = self.convert("letter-recognition"), self.path("onehot.h5")
        with h5py.File(letters, "r") as f, h5py.File(onehot, "w") as to:
            for group in ("train", "test"):
                to[f"{group}/x"] = f[f"{group}/x"][()]
                to[f"{group}/y"] = np.eye(26, dtype=np.uint8)[f[f"{group}/y"][()]]
        run, x, y = self.fit(onehot, "train", "test", virtual_ranks=8, epochs=400, lr=1.3, momentum=0.8)
        accuracy = (real_sets.outputs(run, x).argmax(1) == y.argmax(1)).mean()
        print(f"accuracy {accuracy:.5f}")
        self.assertLessEqual(abs(accuracy - 0.54725), 1.5 / 4000)  # one sample may lie between two classes to float32's rounding

    def labels(self, name, penalty, expected, **settings):
        """Ridge regression to 0 and 1. The loss is the mean over n rows and K labels, so that the README's penalty of its sum,
        penalty n ||W||^2 beside ||ZW - Y||^2, is an L2 decay of 2 penalty / K of all weights, biases among them."""
        path = self.convert(name)
        run, x, y = self.fit(path, "train", "test", weight_decay=2 * penalty / expected["labels"], **settings)
        with h5py.File(run.final, "r") as f:
            weights = np.vstack([f["model/00.linear/weight"][()].T, f["model/00.linear/bias"][()]])
        exact = ridge(*real_sets.rows(path, "train"), penalty)
        print(f"{name}: weights up to {np.abs(exact).max():.3f}, {np.abs(weights - exact).max():.1e} from the closed form's")
        # A float32 gradient misses some 1e-7 of errors around 1; where features hardly vary, only the penalty pulls, 0.01 and 0.1.
        self.assertLessEqual(np.abs(weights - exact).max(), 5e-7 / penalty)
        on, truth = real_sets.outputs(run, x) > 0.5, y > 0.5
        hits = on & truth
        f1 = 2 * hits.sum(0) / np.maximum(on.sum(0) + truth.sum(0), 1)
        found = {"hamming": (on != truth).mean(), "micro": 2 * hits.sum() / (on.sum() + truth.sum()), "macro": f1.mean(),
                 "subset": (on == truth).all(1).mean()}
        print({key: round(value, 4) for key, value in found.items()})
        for key, value in found.items():
            # To the README's last digit.
            self.assertLessEqual(abs(value - expected[key]), 6e-5, f"{key} {value}, not {expected[key]}")

    def test_yeast_by_ridge_regression(self):
        self.labels("yeast", 0.01, {"labels": 14, "hamming": 0.2027, "micro": 0.6302, "macro": 0.3558, "subset": 0.1559},
                    virtual_ranks=5, epochs=1500, lr=0.2, momentum=0.95)

    def test_scene_by_ridge_regression(self):
        self.labels("scene", 0.1, {"labels": 6, "hamming": 0.1144, "micro": 0.6089, "macro": 0.6074, "subset": 0.4465},
                    virtual_ranks=7, epochs=800, lr=0.02, momentum=0.95)


if __name__ == "__main__":
    unittest.main()
