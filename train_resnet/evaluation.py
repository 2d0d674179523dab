"""The figures of a network: each head on both label sets, aligned and raw, with and without leaks."""

from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
from sklearn.metrics import (
    balanced_accuracy_score,
    confusion_matrix,
    log_loss,
    precision_recall_fscore_support,
    top_k_accuracy_score,
)

from model.labels import EMOTIONS
from model.mixture import Logits, Mixture
from preprocessing import fer2013

OUTPUTS = ("fer_head", "votes_head", "served")

Interval = tuple[float, float]

_CALIBRATION_BINS = 15
_CLASSES = range(len(EMOTIONS))
_RESAMPLES = 2000
_COVERAGES = np.linspace(0.05, 1, 20)


class Predictor(Protocol):
    """What gives crops their logits: a `model.Classifier`, or a Keras network behind a function."""

    def __call__(self, crops: np.ndarray) -> Logits: ...


@dataclass(frozen=True)
class Figures:
    """One line of an evaluation. An interval is the 95 % percentile bootstrap interval over images.

    Attributes:
        labels: `fer2013`, or `ferplus`: the winner of the votes where it is unique and an emotion.
        output: one of `OUTPUTS`.
        subset: `all`, or `without_duplicates`: images that do not also occur in Training.
        input: `aligned`, or `raw`: the images as FER-2013 has them.
        n: how many images.
        accuracy: share of right answers.
        accuracy_interval: of `accuracy`.
        balanced_accuracy: mean recall of the emotions.
        balanced_accuracy_interval: of `balanced_accuracy`.
        macro_f1: mean F1 of the emotions.
        macro_f1_interval: of `macro_f1`.
        top2_accuracy: share of answers whose first two hold the label.
        nll: mean negative log-likelihood, nats.
        ece: expected calibration error of the answer's probability, 15 equal bins: Guo et al., "On
            Calibration of Modern Neural Networks" (ICML 2017).
        ece_interval: of `ece`. Resampling adds noise to every bin, and the error adds up its size, so
            for a small error the interval lies above it.
        ece_by_chance: mean error that would be measured on answers of these probabilities if they
            were right exactly as often as they say.
        reliability: mean confidence, share of right answers and count of each of those bins.
        kept: share of answers at least as sure as the threshold of doubt.
        kept_accuracy: how many of these are right; None if there are none.
        risk_coverage: share of answers kept, surest first, and the share of them that is right, for
            twenty shares: El-Yaniv and Wiener, "On the Foundations of Noise-free Selective
            Classification" (JMLR 11, 2010).
        per_class: precision, recall, F1 and support by emotion.
        confusion: counts, rows the label, columns the answer.
    """

    labels: str
    output: str
    subset: str
    input: str
    n: int
    accuracy: float
    accuracy_interval: Interval
    balanced_accuracy: float
    balanced_accuracy_interval: Interval
    macro_f1: float
    macro_f1_interval: Interval
    top2_accuracy: float
    nll: float
    ece: float
    ece_interval: Interval
    ece_by_chance: float
    reliability: list[tuple[float, float, int]]
    kept: float
    kept_accuracy: float | None
    risk_coverage: list[tuple[float, float]]
    per_class: dict[str, dict[str, float]]
    confusion: list[list[int]]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What `evaluate` gives.

    Attributes:
        records: the fields of `Figures` for every combination of labels, output, subset and input.
        crops: `(n, 48, 48)` uint8, the aligned images.
        answers: the aligned images' distributions by output, each `(n, 7)`.
        truths: the labels by label set, each `(n,)`; -1 where an image does not count.
    """

    records: list[dict[str, Any]]
    crops: np.ndarray
    answers: dict[str, np.ndarray]
    truths: dict[str, np.ndarray]


def evaluate(
    predict: Predictor,
    mixture: Mixture,
    part: fer2013.Fer2013,
    training: fer2013.Fer2013,
    uncertain_below: float,
) -> Evaluation:
    """Measures a network on a part of FER-2013.

    Args:
        predict: gives `(n, 48, 48)` crops their logits.
        mixture: makes the served answer.
        part: the images and labels to measure on, with votes for the figures on FER+.
        training: what the network learned from.
        uncertain_below: the threshold of doubt.
    """
    fresh = ~fer2013.occurs_in(part.images, training.images)
    subsets = {"all": np.ones(len(part), bool), "without_duplicates": fresh}
    crops, _ = fer2013.aligned(part.images)
    answers = {
        view: mixture.probabilities(predict(faces))
        for view, faces in (("aligned", crops), ("raw", part.images))
    }
    by_labels = truths(part)
    records = []
    for view, seen in answers.items():
        for labels, truth in by_labels.items():
            for subset, chosen in subsets.items():
                rows = chosen & (truth >= 0)
                for output in OUTPUTS:
                    figures = measure(seen[output][rows], truth[rows], uncertain_below)
                    records.append(asdict(Figures(labels, output, subset, view, **figures)))
    return Evaluation(records, crops, answers["aligned"], by_labels)


def accuracies(
    predict: Predictor, mixture: Mixture, part: fer2013.Fer2013
) -> dict[str, dict[str, float]]:
    """Each output's accuracy on each label set of a part of FER-2013, aligned, all images.

    Args:
        predict: gives `(n, 48, 48)` crops their logits.
        mixture: makes the served answer.
        part: the images and labels.
    """
    answers = mixture.probabilities(predict(fer2013.aligned(part.images)[0]))
    result = {}
    for labels, truth in truths(part).items():
        rows = truth >= 0
        result[labels] = {
            output: float((answers[output][rows].argmax(1) == truth[rows]).mean())
            for output in OUTPUTS
        }
    return result


def truths(part: fer2013.Fer2013) -> dict[str, np.ndarray]:
    """The labels to test against, by label set; -1 where an image does not count."""
    by_labels = {"fer2013": part.labels}
    if part.votes is not None:
        by_labels["ferplus"] = fer2013.vote_majority(part.votes)
    return by_labels


def measure(
    probabilities: np.ndarray, labels: np.ndarray, uncertain_below: float = 0.0
) -> dict[str, Any]:
    """The figures of answers against labels; the fields of `Figures` that are measured.

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


def bootstrap_intervals(
    labels: np.ndarray, answers: np.ndarray, confidence: np.ndarray
) -> dict[str, Interval]:
    """The intervals of `Figures`, all from the same resamples of the images.

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
    """How often the surest answers are right: `risk_coverage` of `Figures`.

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
    return np.minimum((confidence * _CALIBRATION_BINS).astype(int), _CALIBRATION_BINS - 1)


def _percentiles(samples: np.ndarray) -> Interval:
    low, high = np.quantile(samples, (0.025, 0.975))
    return float(low), float(high)
