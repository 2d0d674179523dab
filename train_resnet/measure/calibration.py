"""What makes answers of logits, fitted on PublicTest: temperatures, biases, share and threshold."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.special import log_softmax
from sklearn.metrics import accuracy_score, balanced_accuracy_score, log_loss

from model.labels import EMOTIONS
from model.mixture import Logits, Mixture

# Answers that are not called uncertain are to be right at least this often.
KEPT_ACCURACY = 0.8

_SHARES = np.arange(0, 1.01, 0.1)
# How far the scores of neighbouring shares lie apart by chance: the standard deviation of their
# difference over resamples of PublicTest is 0.0023.
_UNDECIDED = 0.0025


@dataclass(frozen=True)
class Calibration:
    """What is fitted after training.

    Attributes:
        mixture: temperatures, biases and the share of the votes head.
        uncertain_below: answers with a smaller probability are called uncertain.
        shares: for each share tried, the served answers' accuracy and balanced accuracy on both
            label sets.
    """

    mixture: Mixture
    uncertain_below: float
    shares: list[dict[str, float]]


def calibrate(logits: Logits, labels: np.ndarray, winners: np.ndarray | None) -> Calibration:
    """Fits the mixture of both heads.

    Each head's temperature and biases minimise the negative log-likelihood of its own labels. The
    votes head learned the votes' distribution and is asked for their winner, which the biases make
    up for: see STUDY.md. The share is the one with the best mean of accuracy and balanced accuracy
    over both label sets: accuracy alone would let the common emotions decide and leave fear out,
    balanced accuracy alone the rare ones and take too many calm faces for something else. Of shares
    that chance alone puts in order it is the largest, for the votes serve photographs of one's own
    better. The mixture's temperature minimises the negative log-likelihood averaged over both label
    sets. The threshold of doubt is set on FER-2013's labels, the stricter of the two.

    Args:
        logits: of the validation images.
        labels: `(n,)` FER-2013's labels.
        winners: `(n,)` winners of the FER+ votes, -1 where the row does not count; None without
            votes, and then the FER head alone answers.
    """
    sets = [(np.ones(len(labels), bool), labels)]
    temperature, bias = _fit(logits.fer_head, labels)
    mixture = Mixture(0.0, fer_temperature=temperature, fer_bias=bias)
    shares: list[dict[str, float]] = []
    if winners is not None:
        counts = winners >= 0
        sets.append((counts, winners))
        temperature, bias = _fit(logits.votes_head[counts], winners[counts])
        mixture = replace(mixture, votes_temperature=temperature, votes_bias=bias)
        for share in _SHARES:
            served = replace(mixture, votes_share=float(share)).probabilities(logits)["served"]
            row = {}
            for name, (rows, truth) in zip(("fer2013", "ferplus"), sets, strict=True):
                answers = served[rows].argmax(1)
                row[f"{name}_accuracy"] = float(accuracy_score(truth[rows], answers))
                row[f"{name}_balanced"] = float(balanced_accuracy_score(truth[rows], answers))
            mean = float(np.mean(list(row.values())))
            shares.append({"votes_share": round(float(share), 2), **row, "mean": mean})
        best = max(row["mean"] for row in shares)
        as_good = [row["votes_share"] for row in shares if row["mean"] > best - _UNDECIDED]
        mixture = replace(mixture, votes_share=max(as_good))

    def served_likelihood(temperature: float) -> float:
        served = replace(mixture, served_temperature=temperature).probabilities(logits)["served"]
        return float(np.mean([_likelihood(served[rows], truth[rows]) for rows, truth in sets]))

    mixture = replace(mixture, served_temperature=_minimum(served_likelihood))
    served = mixture.probabilities(logits)["served"]
    return Calibration(mixture, threshold_of_doubt(served, labels), shares)


def threshold_of_doubt(
    probabilities: np.ndarray, labels: np.ndarray, accuracy: float = KEPT_ACCURACY
) -> float:
    """The smallest confidence such that the answers from there on are right often enough.

    Args:
        probabilities: `(n, 7)`.
        labels: `(n,)`.
        accuracy: how often the kept answers are to be right, 0 to 1.

    Returns:
        The threshold; 1 if even the surest answers are not right that often.
    """
    confidence = probabilities.max(1)
    order = np.argsort(-confidence)
    right = (probabilities.argmax(1) == labels)[order]
    kept_accuracy = right.cumsum() / np.arange(1, len(right) + 1)
    enough = np.flatnonzero(kept_accuracy >= accuracy)
    return float(confidence[order][enough[-1]]) if len(enough) else 1.0


def _fit(logits: np.ndarray, labels: np.ndarray) -> tuple[float, tuple[float, ...]]:
    """The temperature and the biases by which a head's labels are most likely.

    Biases of all emotions together change nothing, and that of an emotion without images would fall
    for ever; a normal prior of mean 0 and deviation 1 on each decides both and leaves those of a
    hundred images almost as they are.
    """

    def loss(values: np.ndarray) -> float:
        logs = log_softmax(values[0] * logits + values[1:], axis=1)
        right = logs[np.arange(len(labels)), labels]
        return float(-right.mean() + np.square(values[1:]).sum() / (2 * len(labels)))

    none = np.zeros(len(EMOTIONS))
    bounds = [(0.2, 5.0), *[(None, None)] * len(EMOTIONS)]
    inverse, *bias = minimize(loss, [1.0, *none], method="L-BFGS-B", bounds=bounds).x
    return round(float(1 / inverse), 4), tuple(round(float(value), 4) for value in bias)


def _likelihood(probabilities: np.ndarray, labels: np.ndarray) -> float:
    exact = probabilities.astype(np.float64)
    exact /= exact.sum(1, keepdims=True)
    return float(log_loss(labels, exact, labels=range(len(EMOTIONS))))


def _minimum(likelihood: object) -> float:
    return round(float(minimize_scalar(likelihood, bounds=(0.2, 5), method="bounded").x), 4)
