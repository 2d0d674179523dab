from dataclasses import fields, replace

import numpy as np
import pytest

from model.mixture import Logits, softmax
from train_resnet.measure.calibration import calibrate, threshold_of_doubt
from train_resnet.measure.metrics import measure


def made_up(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Logits that are calibrated by construction: labels are drawn from their own softmax."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (n, 7))
    labels = (softmax(logits).cumsum(1) > rng.random((n, 1))).argmax(1)
    return logits.astype(np.float32), labels


@pytest.fixture(scope="module")
def both() -> tuple[Logits, np.ndarray, np.ndarray]:
    fer, labels = made_up(4000, 0)
    votes, winners = made_up(4000, 1)
    maps = np.zeros((4000, 6, 6, 7), np.float32)
    # One head is three times too sure, the other twice too unsure.
    return Logits(fer * 3, votes / 2, maps, maps), labels, winners


@pytest.mark.slow
def test_calibrate_undoes_wrong_temperatures(
    both: tuple[Logits, np.ndarray, np.ndarray],
) -> None:
    logits, labels, winners = both
    calibration = calibrate(logits, labels, winners)
    assert calibration.mixture.fer_temperature == pytest.approx(3, rel=0.1)
    assert calibration.mixture.votes_temperature == pytest.approx(0.5, rel=0.1)
    answers = calibration.mixture.probabilities(logits)
    assert measure(answers["fer_head"], labels)["ece"] < 0.03
    assert measure(softmax(logits.fer_head), labels)["ece"] > 0.1
    assert len(calibration.shares) == 11


def test_calibrate_undoes_what_the_heads_prefer(
    both: tuple[Logits, np.ndarray, np.ndarray],
) -> None:
    logits, labels, winners = both
    preference = np.array([0, 0, 0, 1.5, 0, 0, -0.5], np.float32)
    partial = replace(logits, votes_head=logits.votes_head + preference)
    mixture = calibrate(partial, labels, winners).mixture
    # The head's logits count twice, and so does what it prefers.
    expected = -2 * (preference - preference.mean())
    np.testing.assert_allclose(mixture.votes_bias, expected, atol=0.2)
    np.testing.assert_allclose(mixture.fer_bias, 0, atol=0.15)


def test_calibrate_rules_out_no_emotion_without_images(
    both: tuple[Logits, np.ndarray, np.ndarray],
) -> None:
    logits, labels, _ = both
    few = np.flatnonzero(labels != 1)[:50]
    heads = Logits(*(getattr(logits, field.name)[few] for field in fields(Logits)))
    bias = calibrate(heads, labels[few], None).mixture.fer_bias
    assert -2.5 < bias[1] < 0


def test_calibrate_gives_the_votes_the_largest_share_that_is_as_good() -> None:
    # Both heads know the same, so every share is as good as another.
    logits, labels = made_up(2000, 3)
    maps = np.zeros((2000, 6, 6, 7), np.float32)
    calibration = calibrate(Logits(logits, logits, maps, maps), labels, labels)
    assert np.ptp([row["mean"] for row in calibration.shares]) < 0.0025
    assert calibration.mixture.votes_share == 1


def test_calibrate_leaves_out_rows_without_a_winner(
    both: tuple[Logits, np.ndarray, np.ndarray],
) -> None:
    logits, labels, winners = both
    hidden = np.where(np.arange(len(winners)) < 1000, winners, -1)
    calibration = calibrate(logits, labels, hidden)
    assert calibration.mixture.votes_temperature == pytest.approx(0.5, rel=0.2)


def test_calibrate_without_votes_lets_the_fer_head_answer(
    both: tuple[Logits, np.ndarray, np.ndarray],
) -> None:
    logits, labels, _ = both
    calibration = calibrate(logits, labels, None)
    assert calibration.mixture.votes_share == 0
    answers = calibration.mixture.probabilities(logits)
    assert measure(answers["served"], labels)["ece"] < 0.03


def test_threshold_of_doubt_keeps_answers_that_are_right_often_enough() -> None:
    logits, labels = made_up(2000, 2)
    answers = softmax(logits)
    threshold = threshold_of_doubt(answers, labels, accuracy=0.8)
    right = answers.argmax(1) == labels
    kept = answers.max(1) >= threshold
    assert 0.1 < kept.mean() < 1
    assert right[kept].mean() >= 0.8
    assert right[answers.max(1) >= threshold - 0.02].mean() < 0.8


def test_threshold_of_doubt_is_1_for_answers_that_are_never_right() -> None:
    answers = softmax(np.random.default_rng(0).normal(size=(50, 7)))
    wrong = (answers.argmax(1) + 1) % 7
    assert threshold_of_doubt(answers, wrong) == 1.0
