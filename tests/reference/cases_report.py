"""reports.txt: what sklearn.metrics.classification_report prints, to the character.

    case KIND DIGITS ROWS SAMPLES   KIND is classes, binary (one label, off and on) or labels (ROWS columns)
    = NAME                          of each row, or none
    TRUE... PREDICTED...            classes [SAMPLES], or 0 and 1 [SAMPLES][ROWS]
    >LINE                           of the report; the end of the case is a line "end"

In every case some prediction is right: otherwise scikit-learn happens to count the support in floats, and prints 1.0. Numbers of
samples with labels are prime, so that no mean over them is half way between two texts, where the order of additions decides.
"""
import os

import numpy as np

import cases
import sklearn
import sklearn_metrics
from sklearn.metrics import classification_report

# Before 1.3 F1 comes from precision and recall with their rounding errors, which decide the last digit of a value half way
# between two texts. With more digits than twice a number of samples has bits there is none.
LEAST_DIGITS = 9 if tuple(map(int, sklearn.__version__.split(".")[:2])) < (1, 3) else 0

def report_of(kind, true, predicted, names=None, digits=2):
    """Classes that do not occur have no row, with names or without."""
    present = range(true.shape[1]) if kind == "labels" else np.union1d(true, predicted)
    chosen = [names[k] for k in present] if names else None
    return sklearn_metrics.quiet(classification_report)(true, predicted, target_names=chosen, digits=digits, zero_division=0)


def write():
    random, lines = cases.generator(7), []

    def case(kind, true, predicted, names=None, digits=2, rows=None):
        digits = max(digits, LEAST_DIGITS)
        rows = rows or (2 if kind == "binary" else true.shape[1] if kind == "labels" else int(max(true.max(), predicted.max())) + 1)
        lines.append(f"case {kind} {digits} {rows} {len(true)}")
        lines.extend(f"= {name}" for name in names or [])
        lines.append(" ".join(map(str, true.reshape(-1))))
        lines.append(" ".join(map(str, predicted.reshape(-1))))
        text = report_of(kind, true, predicted, names, digits)
        lines.extend(f">{line}" for line in text.split("\n")[:-1])
        lines.append("end")

    def classes(count, samples, share):
        true = random.integers(0, count, samples)
        return true, np.where(random.random(samples) < share, true, random.integers(0, count, samples))

    case("classes", *classes(3, 60, 0.7))
    case("classes", *classes(12, 200, 0.5), digits=4)
    case("classes", *classes(3, 50, 0.6), names=["cat", "a rather long name, with a comma", "Vögel und Käfer 鳥"])
    case("classes", *classes(3, 40, 1.0), names=["a", "b", "c"])
    case("classes", *classes(2, 30, 0.5), names=["no", "yes"], digits=3)
    true, predicted = classes(6, 80, 0.4)
    true[true == 2], predicted[predicted == 2] = 3, 1                  # does not occur: no row
    predicted[predicted == 4] = 5                                      # never predicted
    true[true == 0] = 1                                                # predicted only
    case("classes", true, predicted, names=list("uvwxyz"), rows=6)
    case("classes", true, predicted, digits=0, rows=7)
    case("classes", np.array([1, 0]), np.array([1, 1]))
    case("classes", np.array([1, 1]), np.array([1, 1]), digits=15)
    case("binary", *classes(2, 70, 0.6))
    case("binary", *classes(2, 45, 0.3), names=["benign", "malignant"], digits=4)
    case("binary", np.zeros(9, int), np.zeros(9, int))
    for count, samples, digits in [(4, 61, 2), (14, 89, 3)]:
        true = (random.random((samples, count)) < 0.3).astype(int)
        predicted = np.where(random.random(true.shape) < 0.8, true, 1 - true)
        case("labels", true, predicted, digits=digits)
    true[:, 1] = predicted[:, 1] = 0                                   # a label that does not occur has a row
    predicted[:5] = 0
    case("labels", true[:19, :3], predicted[:19, :3], names=["sun", "rain and wind", "snow"])
    with open(os.path.join(cases.FOLDER, "reports.txt"), "w", encoding="utf-8") as f:
        f.write("\n".join(lines) + "\n")
