"""Metrics as scikit-learn has them: metrics.txt (told in make_cases.py)."""
import numpy as np

import sklearn_metrics
from cases import Cases, draw, generator

OUTPUTS = ["logits", "log_probs", "scores", "label_logits", "label_probs", "label_scores", "values", "log_values"]  # enum loss_output


def confusions(file, random):
    tables = [random.integers(0, 9, (k, k)) for k in (2, 3, 5, 10)]
    empty_true, empty_predicted, both = (random.integers(0, 9, (4, 4)) for _ in range(3))
    empty_true[2, :] = 0       # a class without samples
    empty_predicted[:, 1] = 0  # a class that is never predicted
    both[3, :] = both[:, 3] = 0
    tables += [empty_true, empty_predicted, both, np.diag([3, 0, 5]), np.array([[0, 4], [7, 0]]), np.array([[0, 0], [0, 3]]),
               np.array([[0, 3], [0, 0]]), np.array([[6]]), random.integers(0, 2**20, (3, 3)) // 2**8]
    for table in tables:
        true, predicted = (np.repeat(index.reshape(-1), table.reshape(-1)) for index in np.indices(table.shape))
        file.case("confusion", confusion=table, **sklearn_metrics.quiet(sklearn_metrics.of_counts)(true, predicted))


def classes(file, random):
    def case(outputs, true, kind="logits", top_k=5, ignore=-100):
        found = sklearn_metrics.of_classes(outputs, true, kind, top_k, ignore)
        file.case("classes", output=OUTPUTS.index(kind), outputs=outputs, labels=true, top_k=top_k, ignore=ignore, **found)

    for n, k, top_k in [(37, 3, 2), (50, 7, 3), (23, 7, 5), (40, 2, 5), (1, 4, 2), (1, 2, 1), (5, 130, 5)]:
        true = random.integers(0, k, n)
        outputs = draw(random, n, k)
        outputs[np.arange(n), true] += np.float32(1)
        case(outputs, true, top_k=top_k)
    outputs, true = draw(random, 30, 6), random.integers(0, 4, 30)  # classes 4 and 5 without samples,
    outputs[:, 5] -= 100                                           # class 5 without predictions either
    case(outputs, true)
    case(draw(random, 12, 4), np.full(12, 2))                           # one class only
    case(np.eye(4, dtype=np.float32)[[2] * 5], np.full(5, 2), top_k=1)  # and always right
    case(np.eye(3, dtype=np.float32)[[1, 2, 0, 1]], np.array([0, 1, 2, 2]), top_k=2)  # all wrong
    case(random.integers(-1, 2, (40, 5)).astype(np.float32), random.integers(0, 5, 40), top_k=2)  # equal outputs
    case(random.integers(-1, 2, (40, 2)).astype(np.float32), random.integers(0, 2, 40))
    case(1e4 * draw(random, 15, 3), random.integers(0, 3, 15), top_k=1)  # probabilities of 0 and 1
    case(draw(random, 8, 2), np.ones(8, int))                            # no ROC
    case(draw(random, 25, 4), random.integers(0, 4, 25), "scores", 2)
    case(draw(random, 20, 2), random.integers(0, 2, 20), "scores")
    case(np.log(random.dirichlet(np.ones(5), 31)).astype(np.float32), random.integers(0, 5, 31), "log_probs", 3)
    case(draw(random, 33, 3), random.choice([-100, 0, 1, 2], 33), top_k=2)
    case(draw(random, 33, 4), random.integers(0, 4, 33), top_k=2, ignore=1)  # a class that is not scored


def labels(file, random):
    def case(outputs, true, kind="logits", threshold=0.5):
        found = sklearn_metrics.of_labels(outputs, true, kind, threshold)
        file.case("labels", output=OUTPUTS.index("label_" + kind), outputs=outputs, targets=true, threshold=threshold, **found)

    for n, k, threshold in [(40, 1, 0.5), (31, 1, 0.3), (50, 4, 0.5), (37, 6, 0.8), (1, 1, 0.5), (1, 5, 0.5), (3, 2, 0.5)]:
        true = random.integers(0, 2, (n, k))
        case(draw(random, n, k) + true.astype(np.float32), true, threshold=threshold)
        case(random.random((n, k)).astype(np.float32), true, "probs", threshold)
        case(draw(random, n, k), true, "scores")
    case(random.integers(-2, 3, (60, 3)).astype(np.float32), random.integers(0, 2, (60, 3)))  # equal scores, some at the threshold
    case(random.choice([0, 0.25, 0.5, 1], (40, 1)).astype(np.float32), random.integers(0, 2, (40, 1)), "probs")
    case(np.zeros((10, 2), np.float32), random.integers(0, 2, (10, 2)))                     # one score for all
    case(np.float32([[-0.0], [0.0], [0.0], [-0.0], [1]]), np.array([[0], [1], [0], [1], [1]]))
    true = random.integers(0, 2, (20, 4))
    true[:, 1], true[:, 3] = 0, 1                                                           # labels of no sample and of all
    case(draw(random, 20, 4), true)
    true = random.integers(0, 2, (16, 3)) * (np.arange(16) % 3 > 0)[:, None]                # samples without labels
    case(draw(random, 16, 3) - 1, true)
    true = random.integers(0, 2, (11, 3))
    case((1 - 2 * true).astype(np.float32), true)                                           # all wrong
    case((2 * true - 1).astype(np.float32), true)                                           # all right
    case(draw(random, 9, 2), np.zeros((9, 2), int))
    case(draw(random, 9, 1), np.zeros((9, 1), int))
    case(draw(random, 9, 1), np.ones((9, 1), int))
    case(1e4 * draw(random, 12, 1), random.integers(0, 2, (12, 1)))                         # probabilities of 0 and 1


def values(file, random):
    def case(outputs, true, mean=0, std=1, kind="values"):
        mean, std = (np.full(outputs.shape[1], v, np.float32) for v in (mean, std))
        wide = outputs.astype(np.float64)
        found = sklearn_metrics.of_values((np.exp(wide) if kind == "log_values" else wide) * std + mean, true.astype(np.float64) * std + mean)
        file.case("values", output=OUTPUTS.index(kind), outputs=outputs, targets=true, mean=mean, std=std, **found)

    for n, k in [(40, 1), (33, 3), (2, 2), (1, 1), (100, 2)]:
        true = draw(random, n, k)
        case(true + np.float32(0.3) * draw(random, n, k), true)
        case(draw(random, n, k), true, 1e5, 123.5)
    constant = np.full((12, 2), 0.1, np.float32)
    case(draw(random, 12, 2), constant)                          # nothing to explain
    case(constant, constant)                                     # and nothing wrong
    case(constant + 1, constant)
    case(draw(random, 30, 2), random.poisson(3, (30, 2)).astype(np.float32), kind="log_values")
    true = draw(random, 80, 2) + np.float32(1e6)                  # far from 0 for its spread
    case(true + draw(random, 80, 2), true)


def metrics():
    file, random = Cases("metrics.txt"), generator(4)
    confusions(file, random)
    classes(file, random)
    labels(file, random)
    values(file, random)
    file.write()
