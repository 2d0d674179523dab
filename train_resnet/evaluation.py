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

_CALIBRATION_BINS = 15
_CLASSES = range(len(EMOTIONS))


class Predictor(Protocol):
    """What gives crops their logits: a `model.Classifier`, or a Keras network behind a function."""

    def __call__(self, crops: np.ndarray) -> Logits: ...


@dataclass(frozen=True)
class Figures:
    """One line of an evaluation.

    Attributes:
        labels: `fer2013`, or `ferplus`: the winner of the votes where it is unique and an emotion.
        output: one of `OUTPUTS`.
        subset: `all`, or `without_duplicates`: images that do not also occur in Training.
        input: `aligned`, or `raw`: the images as FER-2013 has them.
        n: how many images.
        accuracy: share of right answers.
        accuracy_interval: 95 % bootstrap interval of `accuracy`.
        balanced_accuracy: mean recall of the emotions.
        macro_f1: mean F1 of the emotions.
        top2_accuracy: share of answers whose first two hold the label.
        nll: mean negative log-likelihood, nats.
        ece: expected calibration error of the answer's probability, 15 equal bins: Guo et al., "On
            Calibration of Modern Neural Networks" (ICML 2017).
        reliability: mean confidence, share of right answers and count of each of those bins.
        per_class: precision, recall, F1 and support by emotion.
        confusion: counts, rows the label, columns the answer.
    """

    labels: str
    output: str
    subset: str
    input: str
    n: int
    accuracy: float
    accuracy_interval: tuple[float, float]
    balanced_accuracy: float
    macro_f1: float
    top2_accuracy: float
    nll: float
    ece: float
    reliability: list[tuple[float, float, int]]
    per_class: dict[str, dict[str, float]]
    confusion: list[list[int]]


def evaluate(
    predict: Predictor, mixture: Mixture, part: fer2013.Fer2013, training: fer2013.Fer2013
) -> list[dict[str, Any]]:
    """Measures a network on a part of FER-2013.

    Args:
        predict: gives `(n, 48, 48)` crops their logits.
        mixture: makes the served answer.
        part: the images and labels to measure on, with votes for the figures on FER+.
        training: what the network learned from.

    Returns:
        The fields of `Figures` for every combination of labels, output, subset and input.
    """
    fresh = ~fer2013.occurs_in(part.images, training.images)
    subsets = {"all": np.ones(len(part), bool), "without_duplicates": fresh}
    truths = _truths(part)
    records = []
    for view, crops in (("aligned", fer2013.aligned(part.images)[0]), ("raw", part.images)):
        answers = mixture.probabilities(predict(crops))
        for labels, truth in truths.items():
            for subset, chosen in subsets.items():
                rows = chosen & (truth >= 0)
                for output in OUTPUTS:
                    figures = measure(answers[output][rows], truth[rows])
                    record = Figures(labels, output, subset, view, **figures)
                    records.append(asdict(record))
    return records


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
    for labels, truth in _truths(part).items():
        rows = truth >= 0
        result[labels] = {
            output: float((answers[output][rows].argmax(1) == truth[rows]).mean())
            for output in OUTPUTS
        }
    return result


def _truths(part: fer2013.Fer2013) -> dict[str, np.ndarray]:
    """The labels to test against, by label set; -1 where an image does not count."""
    truths = {"fer2013": part.labels}
    if part.votes is not None:
        truths["ferplus"] = fer2013.vote_majority(part.votes)
    return truths


def measure(probabilities: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """The figures of answers against labels; the fields of `Figures` that are measured.

    Args:
        probabilities: `(n, 7)`.
        labels: `(n,)`, positions in `EMOTIONS`.
    """
    answers = probabilities.argmax(1)
    right = answers == labels
    exact = probabilities.astype(np.float64)
    exact /= exact.sum(1, keepdims=True)
    bins = calibration_bins(probabilities.max(1), right)
    precision, recall, f1, support = precision_recall_fscore_support(
        labels, answers, labels=_CLASSES, zero_division=0
    )
    return {
        "n": len(labels),
        "accuracy": float(right.mean()),
        "accuracy_interval": bootstrap_interval(right),
        "balanced_accuracy": float(balanced_accuracy_score(labels, answers)),
        "macro_f1": float(f1.mean()),
        "top2_accuracy": float(top_k_accuracy_score(labels, exact, k=2, labels=_CLASSES)),
        "nll": float(log_loss(labels, exact, labels=_CLASSES)),
        "ece": calibration_error(bins),
        "reliability": bins,
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


def bootstrap_interval(right: np.ndarray, samples: int = 10_000) -> tuple[float, float]:
    """The 95 % percentile bootstrap interval of a share.

    Resampling n zeros and ones with replacement and adding them up is one draw of the binomial
    distribution, so the samples are drawn from that.

    Args:
        right: `(n,)` bool.
        samples: how many bootstrap samples.
    """
    draws = np.random.default_rng(0).binomial(len(right), right.mean(), samples) / len(right)
    low, high = np.quantile(draws, (0.025, 0.975))
    return float(low), float(high)


def calibration_bins(confidence: np.ndarray, right: np.ndarray) -> list[tuple[float, float, int]]:
    """Mean confidence, share of right answers and count in each bin that holds an answer.

    Args:
        confidence: `(n,)` of 0 to 1.
        right: `(n,)` bool.
    """
    bins = np.minimum((confidence * _CALIBRATION_BINS).astype(int), _CALIBRATION_BINS - 1)
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
