"""data.shift: a sample with the labels of another one of its file trains the same bits as a file in which they stand side by side."""
# processors: 2
import unittest

import h5py
import numpy as np

import harness

CONFIG = """
data: {{train: {train}{more}}}
model: {{layers: [{layers}]}}
loss: {{name: {loss}}}
train: {{epochs: 2, batch: 20}}
"""


class Shift(harness.Case):
    def setUp(self):
        super().setUp()
        random = np.random.default_rng(3)
        self.x = random.standard_normal((143, 6)).astype("f4")
        self.y, self.w = random.integers(0, 3, 143), random.random(143).astype("f4")
        self.put("all.h5", x=self.x, y=self.y, w=self.w)

    def put(self, name, **sets):
        with h5py.File(self.path(name), "w") as f:
            for key, values in sets.items():
                f[key] = values
        return self.path(name)

    def aside(self, shift, x, y, w=None):
        """The same without a shift."""
        n, d = len(x), abs(shift)
        here, there = (slice(0, n - d), slice(d, n)) if shift > 0 else (slice(d, n), slice(0, n - d))
        return {"x": x[here], "y": y[there], **({} if w is None else {"w": w[here]})}

    def run_of(self, train, more="", layers="{linear: 3}", loss="cross_entropy", ranks=None, flags=()):
        return self.train(self.write("c.yaml", CONFIG.format(train=train, more=more, layers=layers, loss=loss)), ranks, flags)

    def test_same_bits(self):
        for shift in (1, 7, -1, -40):
            plain = self.run_of(self.put("aside.h5", **self.aside(shift, self.x, self.y, self.w)), ", weights: w")
            for ranks, flags in ((None, []), (3, ["--data.store=scratch", f"--data.scratch_dir={self.folder}"]), (2, ["--data.store=cluster", "--sync.ranks_per_node=1"])):
                with self.subTest(shift=shift, ranks=ranks):
                    run = self.run_of(self.path("all.h5"), f", weights: w, shift: {shift}", ranks=ranks, flags=flags)
                    self.same(plain, run)
            self.assertIn(f"{abs(shift)} samples {'later' if shift > 0 else 'earlier'}", run.process.stdout)
        window = ["--data.store=window", "--data.block=8", "--data.window=40"]
        self.same(*[self.run_of(f, m, flags=window) for f, m in ((self.path("aside.h5"), ""), (self.path("all.h5"), ", shift: -40"))])

    def test_ranges_and_files(self):
        """Within the range, in its steps; and within each file."""
        part = {k: v for k, v in self.aside(3, self.x[10:130:2], self.y[10:130:2]).items()}
        self.same(self.run_of(self.put("aside.h5", **part)), self.run_of(f'"{self.path("all.h5")}[10:130:2]"', ", shift: 3"))
        self.put("part-1.h5", x=self.x[:50], y=self.y[:50])
        self.put("part-2.h5", x=self.x[50:], y=self.y[50:])
        parts = [self.aside(-3, self.x[s], self.y[s]) for s in (slice(0, 50), slice(50, 143))]
        aside = self.put("aside.h5", **{k: np.concatenate([p[k] for p in parts]) for k in "xy"})
        self.same(self.run_of(aside), self.run_of(self.path("part-*.h5"), ", shift: -3", ranks=2))
        self.same(self.run_of(f'"{aside}[3::5]"'), self.run_of(f'"{self.path("part-*.h5")}[3::5]"', ", shift: -3"))

    def test_next_frame(self):
        """The targets are the features of a later sample, as stored."""
        x = np.random.default_rng(4).integers(0, 255, (60, 1, 5, 4)).astype("u1")
        movie, aside = self.put("movie.h5", x=x), self.put("aside.h5", x=x[:-2], y=x[2:].astype("f4"))
        layers = "{conv2d: {out: 1, kernel: 3, padding: 1}}"
        for loss in ("mse",):
            plain = self.run_of(aside, layers=layers, loss=loss)
            run = self.run_of(movie, ", y: x, shift: 2", layers=layers, loss=loss, ranks=2)
            self.same(plain, run)
        table = self.run_of(self.path("all.h5"), ", y: x, shift: 1", "{linear: 6}", "mse")
        self.same(self.run_of(self.put("aside.h5", x=self.x[:-1], y=self.x[1:]), "", "{linear: 6}", "mse"), table)

    def test_eval_and_predict(self):
        run = self.run_of(self.path("all.h5"), ", shift: 5")
        aside = self.put("aside.h5", **self.aside(5, self.x, self.y))
        plain = self.run_of(aside)
        shown = [harness.run(["eval", r.final, "--data", f]).stdout for r, f in ((run, self.path("all.h5")), (plain, aside))]
        self.assertEqual(*shown)
        self.assertIn("of 138)", shown[0])
        result = harness.run(["predict", run.final, "--data", self.path("all.h5"), "--out", self.path("p.h5")])
        self.assertEqual(result.returncode, 0, result.stderr)
        with h5py.File(self.path("p.h5")) as p:
            self.assertEqual((len(p["logits"]), "labels" in p), (143, False))

    def test_refused(self):
        for more, code, part in ((", shift: 143", 3, "data.shift is 143, which leaves none of 143 samples"), (", shift: -500", 3, "leaves none"),
                                 (", shift: 1, samples: files", 2, "goes along an axis")):
            process = harness.run(["train", self.write("c.yaml", CONFIG.format(train=self.path("all.h5"), more=more, layers="{linear: 3}", loss="cross_entropy")),
                                   "-o", self.path("no")])
            self.assertEqual(process.returncode, code, process.stderr)
            self.assertIn(part, process.stderr)


if __name__ == "__main__":
    unittest.main()
