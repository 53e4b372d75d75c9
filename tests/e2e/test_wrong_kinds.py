"""Random combinations of labels, weights, loss, data.labels and outputs of the network: the wrong ones end in one clear line and
exit code 2 or 3, at one rank and at three, and the right ones are accepted.

What is right is said here once more, in numpy, from the rules in the README.
"""
import concurrent.futures
import os
import random
import unittest

import h5py
import numpy as np

import harness

SAMPLES, FEATURES, WRONG = 48, 3, 200

TAKES = {"cross_entropy": {"index", "onehot", "probs"}, "nll": {"index", "onehot"}, "multi_margin": {"index", "onehot"},
         "bce": {"multilabel", "target"}, "bce_with_logits": {"multilabel", "target"}, "hinge": {"multilabel"},
         "soft_margin": {"multilabel"}, "kl_div": {"onehot", "probs", "target"}, "mse": {"target"}, "l1": {"target"},
         "smooth_l1": {"target"}, "huber": {"target"}, "poisson_nll": {"target"}}
RANGES = {"bce": (0, 1), "bce_with_logits": (0, 1), "poisson_nll": (0, np.inf)}
ENDS = {"bce": "sigmoid", "nll": "log_softmax", "kl_div": "log_softmax"}  # losses that need a certain last layer
KINDS = ["index", "onehot", "probs", "multilabel", "target"]  # in the order they are tried
INTEGERS, FLOATS = ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"], ["f2", "f4", "f8"]


def make_labels(rng):
    """Labels that are fine for some loss."""
    width = rng.choice([0, 1, 2, 3, 7])
    shape = (SAMPLES, width) if width else (SAMPLES,)
    numbers = np.random.default_rng(rng.randrange(2**32))
    what = rng.choice(["index", "onehot", "probs", "binary", "signed", "unit", "values", "counts"])
    if what in ("onehot", "probs") and width < 2:
        what = "index"
    if what == "index":
        return numbers.integers(0, rng.choice([1, 2, 5]), (SAMPLES, 1) if width == 1 else (SAMPLES,)).astype(rng.choice(INTEGERS))
    if what == "onehot":
        return np.eye(width)[numbers.integers(0, width, SAMPLES)].astype(rng.choice(INTEGERS + FLOATS))
    if what == "probs":
        return numbers.dirichlet(np.ones(width), SAMPLES).astype(rng.choice(["f4", "f8"]))
    if what == "binary":
        return numbers.integers(0, 2, shape).astype(rng.choice(["?"] + INTEGERS + FLOATS))
    if what == "signed":
        return (2 * numbers.integers(0, 2, shape) - 1).astype(rng.choice(["i1", "i4", "f4", "f8"]))
    if what == "unit":
        return numbers.random(shape).astype(rng.choice(FLOATS))
    if what == "values":
        return numbers.normal(size=shape).astype(rng.choice(FLOATS))
    return numbers.integers(0, 100, shape).astype(rng.choice(INTEGERS + FLOATS))


def damage(rng, labels):
    """The same with something that no loss takes, or only another one."""
    what = rng.choice(["number", "row", "rows", "rank", "text", "empty"])
    if what == "number":
        values = [2, 5, 100] if labels.dtype.kind in "ub" else [-1, -7, 100] if labels.dtype.kind == "i" else [-1, 0.3, np.nan, np.inf]
        labels = labels.astype("u1") if labels.dtype == bool else labels.copy()
        labels.flat[rng.randrange(labels.size)] = rng.choice(values)
        return labels
    if what == "row":
        labels = labels.copy()
        labels[rng.randrange(SAMPLES)] = 0
        return labels
    if what == "rows":
        return labels[:-1] if rng.random() < 0.5 else np.concatenate([labels, labels])
    if what == "rank":
        return labels.reshape(SAMPLES, -1, 1) if rng.random() < 0.5 else labels.reshape(SAMPLES, 1, -1, 1)
    return np.full(SAMPLES, b"cat") if what == "text" else np.zeros((SAMPLES, 0), "f4")


def make_weights(rng):
    """(array or None = not in the file, whether it is right)"""
    return rng.choice([(np.linspace(0, 2, SAMPLES), True), (np.arange(SAMPLES).reshape(SAMPLES, 1), True),
                       (np.arange(SAMPLES, dtype="f4") - 1, False), (np.zeros(SAMPLES), False), (np.ones(SAMPLES + 1), False),
                       (np.ones((SAMPLES, 2)), False), (np.full(SAMPLES, np.nan), False), (None, False)])


def may_be(labels, kind, loss):
    if kind == "index":
        return bool((labels == np.floor(labels)).all()) and (labels.ndim == 1 or labels.shape[1] == 1)
    rows = labels.reshape(SAMPLES, -1).astype("f4").astype("f8")
    if kind == "onehot":
        return rows.shape[1] > 1 and bool(((rows == 0) | (rows == 1)).all() and (rows.sum(axis=1) == 1).all())
    if kind == "probs":
        return rows.shape[1] > 1 and bool((rows >= 0).all() and (abs(rows.sum(axis=1) - 1) <= 1e-3).all())
    if kind == "multilabel":
        return bool(((rows == 0) | (rows == 1)).all() or (abs(rows) == 1).all())
    low, high = RANGES.get(loss, (-np.inf, np.inf))
    return bool(((rows >= low) & (rows <= high)).all())


def judge(case):
    """The exit code that a combination deserves."""
    loss, labels, setting = case["loss"], case["labels"], case["setting"]
    if setting != "auto" and setting not in TAKES[loss]:
        return 2
    if labels.dtype.kind not in "iufb" or labels.ndim > 2 or labels.size == 0 or len(labels) != SAMPLES:
        return 3
    if labels.dtype == bool:
        labels = labels.astype("i1")  # as h5py stores it
    if case["weights"] and not case["weights"][1] or not np.isfinite(labels.astype("f8")).all():
        return 3
    kind = next((k for k in KINDS if k in TAKES[loss] and setting in ("auto", k) and may_be(labels, k, loss)), None)
    if kind is None:
        return 3
    if kind == "index":
        ignored = {-100} if loss in ("cross_entropy", "nll") else set()
        if not all(0 <= v < case["outputs"] or v in ignored for v in labels.ravel().tolist()):
            return 3
    elif case["outputs"] != (labels.shape[1] if labels.ndim == 2 else 1):
        return 3
    if loss == "kl_div" and kind == "target":  # log-probabilities, only with log_target
        return 2
    return 0 if ENDS.get(loss) in (None, case["end"]) else 2


def make_case(rng):
    labels = make_labels(rng)
    width = labels.shape[1] if labels.ndim == 2 and labels.shape[1] > 1 else 1
    if rng.random() < 0.25:
        labels = damage(rng, labels)
    outputs = rng.choice([width, width, width, width + 1, 1, 5])
    loss = rng.choice(sorted(TAKES))
    end = ENDS.get(loss, "relu") if rng.random() < 0.8 else rng.choice(["relu", "sigmoid", "log_softmax"])
    case = {"labels": labels, "loss": loss, "outputs": outputs, "end": end,
            "setting": rng.choice(["auto"] * 4 + KINDS), "weights": make_weights(rng) if rng.random() < 0.2 else None}
    case["code"] = judge(case)
    return case


class WrongKinds(harness.Case):
    def run_case(self, number, case, ranks):
        flags = [f"--data.train={self.path(f'{number}.h5')}", f"--loss.name={case['loss']}", f"--data.labels={case['setting']}",
                 f"--model.layers=[linear: {case['outputs']}, {case['end']}]"]
        if case["weights"]:
            flags.append("--data.weights=w")
        command = ["check", self.config] if case["code"] else ["train", self.config, "-o", self.path(f"{number}-{ranks}")]
        return harness.run([*command, *flags], ranks, timeout=60)

    def check_case(self, number, case):
        """What is wrong with the program's answer, or None."""
        labels = case["labels"]
        said = f"{labels.dtype} {labels.shape} {labels.ravel()[:8]}..., {case}"[:400].replace("\n", " ")
        with h5py.File(self.path(f"{number}.h5"), "w") as f:
            f["x"], f["y"] = np.linspace(-1, 1, SAMPLES * FEATURES, dtype="f4").reshape(SAMPLES, FEATURES), case["labels"]
            if case["weights"] and case["weights"][0] is not None:
                f["w"] = case["weights"][0]
        for ranks in (None, 3):
            process = self.run_case(number, case, ranks)
            lines = harness.error_lines(process.stderr)
            if process.returncode != case["code"]:
                return f"exit code {process.returncode}, not {case['code']}, at {ranks} ranks: {said}\n{process.stderr}"
            if len(lines) != (1 if case["code"] else 0) or (ranks is None and case["code"] and process.stderr.count("\n") != 1):
                return f"not one line at {ranks} ranks: {said}\n{process.stderr}"
            if lines and not lines[0].startswith("ddp_train: error: "):
                return f"{lines[0]}: {said}"
            if case["code"] == 3 and f"{number}.h5" not in lines[0]:
                return f"no file is named: {lines[0]}: {said}"
        os.remove(self.path(f"{number}.h5"))
        return None

    def test_combinations(self):
        self.config = self.write("config.yaml", "data: {train: set.h5}\nmodel: {layers: [linear: 1]}\n"
                                                "train: {epochs: 1, batch: 16, virtual_ranks: 4}\n")
        rng = random.Random(20)
        cases, wrong = [], 0
        while wrong < WRONG:
            cases.append(make_case(rng))
            wrong += cases[-1]["code"] != 0
        codes = [case["code"] for case in cases]
        self.assertGreaterEqual(min(codes.count(code) for code in (0, 2, 3)), 20, "one sided: change the odds")
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            problems = [p for p in pool.map(self.check_case, range(len(cases)), cases) if p]
        print(f"{wrong} wrong combinations, {len(cases) - wrong} right ones")
        self.assertEqual(problems, [], f"{len(problems)} problems, the first ones:\n" + "\n".join(problems[:5]))


if __name__ == "__main__":
    unittest.main()
