"""Figures of answers against labels, with their bootstrap intervals."""

from typing import Any

import numpy as np
from sklearn.metrics import (
    balanced_accuracy_score,
    confusion_matrix,
    log_loss,
    precision_recall_fscore_support,
    top_k_accuracy_score,
)

from model.labels import EMOTIONS

Interval = tuple[float, float]

_CALIBRATION_BINS = 15
_CLASSES = range(len(EMOTIONS))
_RESAMPLES = 2000
_COVERAGES = np.linspace(0.05, 1, 20)


def measure(
    probabilities: np.ndarray, labels: np.ndarray, uncertain_below: float = 0.0
) -> dict[str, Any]:
    """The figures of answers against labels; the fields of `evaluation.Figures` that are measured.

    Args:
        probabilities: `(n, 7)`.
        labels: `(n,)`, positions in `EMOTIONS`.
        uncertain_below: the threshold of doubt.
    """
    answers, confidence = probabilities.argmax(1), probabilities.max(1)
    right = answers == labels
    exact = probabilities.astype(np.float64)
    exact /= exact.sum(1, keepdims=True)
    bins = calibration_bins(confidence, right)
    precision, recall, f1, support = precision_recall_fscore_support(
        labels, answers, labels=_CLASSES, zero_division=0
    )
    kept = confidence >= uncertain_below
    return {
        "n": len(labels),
        "accuracy": float(right.mean()),
        "balanced_accuracy": float(balanced_accuracy_score(labels, answers)),
        "macro_f1": float(f1.mean()),
        "top2_accuracy": float(top_k_accuracy_score(labels, exact, k=2, labels=_CLASSES)),
        "nll": float(log_loss(labels, exact, labels=_CLASSES)),
        "ece": calibration_error(bins),
        **bootstrap_intervals(labels, answers, confidence),
        "ece_by_chance": _calibration_error_by_chance(confidence),
        "reliability": bins,
        "kept": float(kept.mean()),
        "kept_accuracy": float(right[kept].mean()) if kept.any() else None,
        "risk_coverage": risk_coverage(confidence, right),
        "per_class": {
            emotion: {
                "precision": float(precision[index]),
                "recall": float(recall[index]),
                "f1": float(f1[index]),
                "support": int(support[index]),
            }
            for index, emotion in enumerate(EMOTIONS)
        },
        "confusion": confusion_matrix(labels, answers, labels=_CLASSES).tolist(),
    }


def macro_f1(labels: np.ndarray, answers: np.ndarray) -> float:
    """The mean F1 of the emotions.

    Args:
        labels: `(n,)`, positions in `EMOTIONS`.
        answers: `(n,)`, likewise.
    """
    f1 = precision_recall_fscore_support(labels, answers, labels=_CLASSES, zero_division=0)[2]
    return float(f1.mean())


def bootstrap_intervals(
    labels: np.ndarray, answers: np.ndarray, confidence: np.ndarray
) -> dict[str, Interval]:
    """The intervals of `evaluation.Figures`, all from the same resamples of the images.

    A resample is how often each image is drawn. All four figures follow from the confusion matrix and
    the calibration bins of the images so drawn, which are sums over images: two products of matrices.

    Args:
        labels: `(n,)`, positions in `EMOTIONS`.
        answers: `(n,)`, likewise.
        confidence: `(n,)` of 0 to 1.
    """
    n, classes = len(labels), len(EMOTIONS)
    rng = np.random.default_rng(0)
    cell = np.eye(classes**2, dtype=np.float32)[labels * classes + answers]
    gap = (confidence - (answers == labels)).astype(np.float32)
    binned = np.eye(_CALIBRATION_BINS, dtype=np.float32)[_bin(confidence)] * gap[:, None]
    confusions, gaps = [], []
    for _ in range(10):  # in parts, for the sake of memory
        drawn = rng.multinomial(n, np.full(n, 1 / n), _RESAMPLES // 10).astype(np.float32)
        confusions.append(drawn @ cell)
        gaps.append(drawn @ binned)
    confusion = np.concatenate(confusions).reshape(-1, classes, classes)
    hits = confusion.diagonal(axis1=1, axis2=2)
    of_label, of_answer = confusion.sum(2), confusion.sum(1)
    recalls = np.divide(hits, of_label, out=np.full_like(hits, np.nan), where=of_label > 0)
    f1 = np.divide(2 * hits, of_label + of_answer, out=np.zeros_like(hits), where=of_label > 0)
    samples = {
        "accuracy_interval": hits.sum(1) / n,
        "balanced_accuracy_interval": np.nanmean(recalls, axis=1),
        "macro_f1_interval": f1.mean(1),
        "ece_interval": np.abs(np.concatenate(gaps)).sum(1) / n,
    }
    return {name: _percentiles(values) for name, values in samples.items()}


def bootstrap_interval(right: np.ndarray) -> Interval:
    """The 95 % percentile bootstrap interval of a share.

    Resampling n zeros and ones with replacement and adding them up is one draw of the binomial
    distribution, so the samples are drawn from that.

    Args:
        right: `(n,)` bool.
    """
    draws = np.random.default_rng(0).binomial(len(right), right.mean(), 10_000) / len(right)
    return _percentiles(draws)


def risk_coverage(confidence: np.ndarray, right: np.ndarray) -> list[tuple[float, float]]:
    """How often the surest answers are right: `risk_coverage` of `evaluation.Figures`.

    Args:
        confidence: `(n,)` of 0 to 1.
        right: `(n,)` bool.
    """
    surest_first = right[np.argsort(-confidence, kind="stable")]
    counts = np.maximum(1, np.round(_COVERAGES * len(right)).astype(int))
    return [(float(count / len(right)), float(surest_first[:count].mean())) for count in counts]


def calibration_bins(confidence: np.ndarray, right: np.ndarray) -> list[tuple[float, float, int]]:
    """Mean confidence, share of right answers and count in each bin that holds an answer.

    Args:
        confidence: `(n,)` of 0 to 1.
        right: `(n,)` bool.
    """
    bins = _bin(confidence)
    return [
        (
            float(confidence[bins == b].mean()),
            float(right[bins == b].mean()),
            int((bins == b).sum()),
        )
        for b in np.unique(bins)
    ]


def calibration_error(bins: list[tuple[float, float, int]]) -> float:
    """The expected calibration error: how far confidence and accuracy are apart, over all bins."""
    total = sum(count for _, _, count in bins)
    return sum(abs(sure - share) * count for sure, share, count in bins) / total


def _calibration_error_by_chance(confidence: np.ndarray, draws: int = 200) -> float:
    rng = np.random.default_rng(0)
    errors = [
        calibration_error(calibration_bins(confidence, rng.random(len(confidence)) < confidence))
        for _ in range(draws)
    ]
    return float(np.mean(errors))


def _bin(confidence: np.ndarray) -> np.ndarray:
    bins: np.ndarray = np.minimum(
        (confidence * _CALIBRATION_BINS).astype(int), _CALIBRATION_BINS - 1
    )
    return bins


def _percentiles(samples: np.ndarray) -> Interval:
    low, high = np.quantile(samples, (0.025, 0.975))
    return float(low), float(high)
