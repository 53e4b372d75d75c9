"""What scikit-learn says about outputs of a network, under the names of our metrics.

Where it says nothing, the definitions of src/nn/metrics/metric.h stand in: top-k with equal outputs takes the first classes, the
ROC AUC of labels is averaged over those that have one, the greatest error is that of all targets. Works with scikit-learn 1.2
(Debian 12) and 1.9.
"""
import warnings

import numpy as np
from sklearn import metrics

AVERAGES = ("micro", "macro", "weighted", "samples")


def quiet(function):
    def call(*arguments, **options):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return function(*arguments, **options)
    return call


def softmax(logits):
    e = np.exp(logits - logits.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def sigmoid(logits):
    e = np.exp(-np.abs(logits))
    return np.where(logits >= 0, 1, e) / (1 + e)


def roc_auc(on, scores):
    return metrics.roc_auc_score(on, scores) if len(set(on)) == 2 else np.nan


def of_counts(true, predicted):
    """What the confusion matrix decides."""
    found = {"accuracy": metrics.accuracy_score(true, predicted),
             "balanced_accuracy": metrics.balanced_accuracy_score(true, predicted),
             "matthews": metrics.matthews_corrcoef(true, predicted),
             "cohen_kappa": metrics.cohen_kappa_score(true, predicted)}
    for name, score in ("precision", metrics.precision_score), ("recall", metrics.recall_score), ("f1", metrics.f1_score):
        for average in AVERAGES[:3]:
            found[f"{name}_{average}"] = score(true, predicted, average=average, zero_division=0)
        found[name] = found[f"{name}_macro"]
    return found


def log_loss(true, probabilities):
    """As metrics.log_loss since version 1.3, to the last digit; older ones divide by the rows' sums after clipping."""
    eps = np.finfo(np.float64).eps
    value = -np.log(np.clip(probabilities, eps, 1 - eps)[np.arange(len(true)), true.reshape(-1).astype(int)]).mean()
    theirs = metrics.log_loss(true, probabilities, labels=range(probabilities.shape[1]))
    assert abs(value - theirs) < 1e-6 * max(1, value), (value, theirs)
    return value


@quiet
def of_classes(outputs, true, kind="logits", top_k=5, ignore=None):
    """outputs [N,K] float32 and classes [N]; kind is logits, log_probs or scores."""
    if ignore is not None:
        outputs, true = outputs[true != ignore], true[true != ignore]
    count, classes = outputs.shape
    found = of_counts(true, outputs.argmax(1))
    chosen = outputs[np.arange(count), true][:, None]
    before = (outputs > chosen) | ((outputs == chosen) & (np.arange(classes) < true[:, None]))
    found["top_k_accuracy"] = np.mean(before.sum(1) < top_k)
    if classes > max(2, top_k) and all(len(set(row)) == classes for row in outputs):  # otherwise the ties differ
        theirs = metrics.top_k_accuracy_score(true, outputs, k=top_k, labels=range(classes))
        assert abs(found["top_k_accuracy"] - theirs) < 1e-12
    wide = outputs.astype(np.float64)
    if kind != "scores":
        found["log_loss"] = log_loss(true, softmax(wide) if kind == "logits" else np.exp(wide))
    if classes == 2:
        found["roc_auc"] = roc_auc(true == 1, outputs[:, 1] - outputs[:, 0])
        found["average_precision"] = metrics.average_precision_score(true == 1, outputs[:, 1] - outputs[:, 0])
    return found


@quiet
def of_labels(outputs, true, kind="logits", threshold=0.5):
    """outputs [N,K] float32 and labels [N,K] of 0 and 1; kind is logits, probs or scores."""
    labels, wide = outputs.shape[1], outputs.astype(np.float64)
    if kind == "logits":
        predicted = (outputs > np.float32(np.log(np.float64(np.float32(threshold)) / (1 - np.float64(np.float32(threshold)))))) * 1
    else:
        predicted = (outputs > np.float32(threshold if kind == "probs" else 0)) * 1
    found = {"hamming_loss": np.mean(predicted != true)}
    aucs = [roc_auc(true[:, k], outputs[:, k]) for k in range(labels)]
    found["roc_auc"] = np.nan if all(np.isnan(aucs)) else np.nanmean(aucs)
    found["average_precision"] = np.mean([metrics.average_precision_score(true[:, k], outputs[:, k]) for k in range(labels)])
    scores = [("precision", metrics.precision_score), ("recall", metrics.recall_score), ("f1", metrics.f1_score),
              ("jaccard", metrics.jaccard_score)]
    if labels > 1:
        found["accuracy"] = metrics.accuracy_score(true, predicted)
        assert abs(found["hamming_loss"] - metrics.hamming_loss(true, predicted)) < 1e-12
        for name, score in scores:
            for average in AVERAGES:
                found[f"{name}_{average}"] = score(true, predicted, average=average, zero_division=0)
            found[name] = found[f"{name}_macro"]
        return found
    true, predicted, wide = true[:, 0], predicted[:, 0], wide[:, 0]
    counts = of_counts(true, predicted)
    found.update({name: counts[name] for name in ("accuracy", "balanced_accuracy", "matthews", "cohen_kappa")})
    for name, score in scores:
        found[name] = score(true, predicted, zero_division=0)
    if kind != "scores":
        p = sigmoid(wide) if kind == "logits" else wide
        found["log_loss"] = log_loss(true, np.stack([sigmoid(-wide) if kind == "logits" else 1 - p, p], 1))
    return found


@quiet
def of_values(predicted, true):
    """[N,K], in original units."""
    predicted, true = predicted.astype(np.float64), true.astype(np.float64)
    mse = metrics.mean_squared_error(true, predicted, multioutput="raw_values")
    return {"mse": mse.mean(), "rmse": np.sqrt(mse).mean(), "mae": metrics.mean_absolute_error(true, predicted),
            "r2": metrics.r2_score(true, predicted) if len(true) > 1 else np.nan,
            "explained_variance": metrics.explained_variance_score(true, predicted),
            "max_error": max(metrics.max_error(true[:, k], predicted[:, k]) for k in range(true.shape[1]))}
