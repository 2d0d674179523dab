"""The figures of a network: each head on both label sets, aligned and raw, with and without leaks."""

from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np

from model.mixture import Logits, Mixture
from preprocessing import fer2013
from train_resnet.measure.metrics import Interval, measure

OUTPUTS = ("fer_head", "votes_head", "served")


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


def by_agreement(found: Evaluation, part: fer2013.Fer2013) -> list[dict[str, Any]]:
    """How often answers name the FER+ winner, by how many of the ten taggers chose it.

    Where few agree, the winner is close to chance, and no network can know it.

    Args:
        found: of `evaluate`.
        part: the images and labels it was measured on.

    Returns:
        For each number of `taggers` (4 stands for four or fewer) the `n` images, and each output's
        accuracy on them, aligned; nothing without votes.
    """
    if part.votes is None:
        return []
    winners = found.truths["ferplus"]
    taggers = np.maximum(part.votes.max(1), 4)
    records = []
    for number in np.unique(taggers):
        rows = (winners >= 0) & (taggers == number)
        if rows.any():
            right = {
                output: float((found.answers[output][rows].argmax(1) == winners[rows]).mean())
                for output in OUTPUTS
            }
            records.append({"taggers": int(number), "n": int(rows.sum()), **right})
    return records


def truths(part: fer2013.Fer2013) -> dict[str, np.ndarray]:
    """The labels to test against, by label set; -1 where an image does not count."""
    by_labels = {"fer2013": part.labels}
    if part.votes is not None:
        by_labels["ferplus"] = fer2013.vote_majority(part.votes)
    return by_labels
