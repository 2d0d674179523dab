import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score

from train_resnet.measure.metrics import (
    bootstrap_interval,
    bootstrap_intervals,
    calibration_bins,
    calibration_error,
    measure,
    risk_coverage,
)


def certain(answers: list[int], confidence: float = 1.0) -> np.ndarray:
    rest = (1 - confidence) / 6
    return np.where(np.arange(7) == np.array(answers)[:, None], confidence, rest).astype(np.float32)


def test_measure_gives_known_figures_for_known_answers() -> None:
    labels = np.array([0, 0, 0, 3, 3, 6, 6, 6])
    figures = measure(certain([0, 0, 3, 3, 3, 6, 6, 0], 0.9), labels)
    assert figures["n"] == 8
    assert figures["accuracy"] == pytest.approx(6 / 8)
    assert figures["balanced_accuracy"] == pytest.approx((2 / 3 + 1 + 2 / 3) / 3)
    assert figures["per_class"]["happy"]["precision"] == pytest.approx(2 / 3)
    assert figures["per_class"]["disgust"]["support"] == 0
    assert figures["confusion"][0][3] == 1
    assert sum(map(sum, figures["confusion"])) == 8
    assert figures["ece"] == pytest.approx(0.9 - 0.75, abs=1e-6)
    expected = -(6 * np.log(0.9) + 2 * np.log(0.1 / 6)) / 8
    assert figures["nll"] == pytest.approx(expected, rel=1e-4)


def test_measure_counts_the_second_guess() -> None:
    probabilities = np.array([[0.5, 0.4, 0.02, 0.02, 0.02, 0.02, 0.02]] * 3, np.float32)
    assert measure(probabilities, np.array([0, 1, 2]))["top2_accuracy"] == pytest.approx(2 / 3)


def test_calibration_error_is_what_it_is_by_hand() -> None:
    confidence = np.array([0.95, 0.95, 0.95, 0.95, 0.35, 0.35])
    right = np.array([True, True, True, False, True, False])
    bins = calibration_bins(confidence, right)
    assert [count for _, _, count in bins] == [2, 4]
    assert calibration_error(bins) == pytest.approx((0.2 * 4 + 0.15 * 2) / 6)
    assert calibration_bins(np.array([1.0]), np.array([True])) == [(1.0, 1.0, 1)]


def test_bootstrap_interval_is_the_binomial_one() -> None:
    right = np.arange(3589) < 0.7 * 3589
    low, high = bootstrap_interval(right)
    half = 1.96 * np.sqrt(0.7 * 0.3 / 3589)
    assert low == pytest.approx(0.7 - half, abs=0.001)
    assert high == pytest.approx(0.7 + half, abs=0.001)


def noisy_answers(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, answers that are right in about 70 %, and confidences that know it."""
    rng = np.random.default_rng(3)
    confidence = rng.uniform(0.4, 1, n)
    labels = rng.integers(0, 7, n)
    answers = np.where(rng.random(n) < confidence, labels, (labels + rng.integers(1, 7, n)) % 7)
    return labels, answers, confidence


@pytest.mark.slow
def test_bootstrap_intervals_are_those_of_resampled_images() -> None:
    """Against scikit-learn on images that are really drawn again."""
    labels, answers, confidence = noisy_answers(600)
    rng = np.random.default_rng(4)
    samples: dict[str, list[float]] = {}
    for _ in range(600):
        drawn = rng.integers(0, 600, 600)
        truth, answer, right = labels[drawn], answers[drawn], (labels == answers)[drawn]
        bins = calibration_bins(confidence[drawn], right)
        for name, value in (
            ("accuracy", right.mean()),
            ("balanced_accuracy", balanced_accuracy_score(truth, answer)),
            ("macro_f1", f1_score(truth, answer, average="macro")),
            ("ece", calibration_error(bins)),
        ):
            samples.setdefault(f"{name}_interval", []).append(float(value))
    for name, interval in bootstrap_intervals(labels, answers, confidence).items():
        expected = np.quantile(samples[name], (0.025, 0.975))
        np.testing.assert_allclose(interval, expected, atol=0.008, err_msg=name)


def test_measure_gives_the_calibration_error_of_chance_alone() -> None:
    """Confidences that are right exactly as often as they say still measure above zero."""
    labels, answers, confidence = noisy_answers(3589)
    probabilities = np.full((3589, 7), 0.0)
    probabilities += ((1 - confidence) / 6)[:, None]
    probabilities[np.arange(3589), answers] = confidence
    figures = measure(probabilities, labels)
    assert 0.012 < figures["ece_by_chance"] < 0.03
    assert figures["ece"] == pytest.approx(figures["ece_by_chance"], abs=0.01)


def test_measure_keeps_the_surest_answers() -> None:
    probabilities = np.concatenate([certain([0, 0, 0], 0.9), certain([1, 1], 0.5)])
    figures = measure(probabilities, np.array([0, 0, 3, 1, 3]), uncertain_below=0.7)
    assert figures["kept"] == pytest.approx(3 / 5)
    assert figures["kept_accuracy"] == pytest.approx(2 / 3)
    assert measure(probabilities, np.zeros(5, int), uncertain_below=1.0)["kept_accuracy"] is None
    coverage, accuracy = zip(
        *risk_coverage(np.array([0.9, 0.1, 0.5, 0.7]), np.array([True, False, False, True])),
        strict=True,
    )
    assert coverage[-1] == 1
    assert accuracy[0] == 1
    assert accuracy[-1] == 0.5
    assert dict(zip(coverage, accuracy, strict=True))[0.75] == pytest.approx(2 / 3)
