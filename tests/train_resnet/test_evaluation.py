from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from matplotlib.axes import Axes
from sklearn.metrics import balanced_accuracy_score, f1_score

from train_resnet.evaluation import (
    bootstrap_interval,
    bootstrap_intervals,
    calibration_bins,
    calibration_error,
    measure,
    risk_coverage,
)
from train_resnet.report import (
    contact_sheet,
    figures_table,
    find,
    plot_risk_coverage,
    write_between,
)


def certain(answers: list[int], confidence: float = 1.0) -> np.ndarray:
    rest = (1 - confidence) / 6
    return np.where(np.arange(7) == np.array(answers)[:, None], confidence, rest).astype(np.float32)


def test_known_answers_give_known_figures() -> None:
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


def test_top_two_counts_the_second_guess() -> None:
    probabilities = np.array([[0.5, 0.4, 0.02, 0.02, 0.02, 0.02, 0.02]] * 3, np.float32)
    assert measure(probabilities, np.array([0, 1, 2]))["top2_accuracy"] == pytest.approx(2 / 3)


def test_calibration_error_by_hand() -> None:
    confidence = np.array([0.95, 0.95, 0.95, 0.95, 0.35, 0.35])
    right = np.array([True, True, True, False, True, False])
    bins = calibration_bins(confidence, right)
    assert [count for _, _, count in bins] == [2, 4]
    assert calibration_error(bins) == pytest.approx((0.2 * 4 + 0.15 * 2) / 6)
    assert calibration_bins(np.array([1.0]), np.array([True])) == [(1.0, 1.0, 1)]


def test_the_interval_is_the_binomial_one() -> None:
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


def test_the_intervals_are_those_of_resampled_images() -> None:
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


def test_chance_alone_gives_a_calibration_error() -> None:
    """Confidences that are right exactly as often as they say still measure above zero."""
    labels, answers, confidence = noisy_answers(3589)
    probabilities = np.full((3589, 7), 0.0)
    probabilities += ((1 - confidence) / 6)[:, None]
    probabilities[np.arange(3589), answers] = confidence
    figures = measure(probabilities, labels)
    assert 0.012 < figures["ece_by_chance"] < 0.03
    assert figures["ece"] == pytest.approx(figures["ece_by_chance"], abs=0.01)


def test_doubt_keeps_the_surest_answers() -> None:
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


def test_the_threshold_stands_in_the_risk_coverage_plot(tmp_path: Path) -> None:
    figures = measure(certain([0, 1, 2, 3], 0.9), np.array([0, 1, 2, 4]), uncertain_below=0.5)
    records = [
        {"labels": "fer2013", "output": output, "subset": "all", "input": "aligned", **figures}
        for output in ("fer_head", "served")
    ]
    with patch.object(Axes, "annotate", autospec=True) as annotate:
        plot_risk_coverage(records, tmp_path / "risk_coverage.png")
    assert annotate.call_args[0][1] == "not uncertain: 100%, of which 75% right"
    assert (tmp_path / "risk_coverage.png").read_bytes().startswith(b"\x89PNG")


def test_the_contact_sheet_shows_the_surest_mistakes_first(tmp_path: Path) -> None:
    probabilities = np.concatenate([certain([0], 0.6), certain([1], 0.8), certain([2, 3], 0.9)])
    labels = np.array([5, 6, 2, -1])  # wrong, wrong, right, does not count
    crops = np.zeros((4, 48, 48), np.uint8)
    with patch.object(Axes, "set_title", autospec=True) as title:
        contact_sheet(crops, probabilities, labels, tmp_path / "mistakes.png")
    titles = [call[0][1] for call in title.call_args_list]
    assert titles == ["disgust 80%\nlabel neutral", "angry 60%\nlabel surprise"]
    contact_sheet(crops[:1], probabilities[:1], np.array([0]), tmp_path / "none.png")
    assert (tmp_path / "none.png").exists()


def test_the_table_quotes_the_records() -> None:
    figures = measure(certain([0, 1, 2, 3]), np.array([0, 1, 2, 4]))
    records = [
        {"labels": "fer2013", "output": output, "subset": subset, "input": "aligned", **figures}
        for output in ("fer_head", "votes_head", "served")
        for subset in ("all", "without_duplicates")
    ]
    assert find(records, labels="fer2013", output="served")["n"] == 4
    with pytest.raises(KeyError):
        find(records, labels="ferplus", output="served")
    single = {"fer2013": dict.fromkeys(("fer_head", "votes_head", "served"), 0.5)}
    text = figures_table({"results": records, "accuracy_without_the_mirrored_view": single})
    assert "| FER-2013 labels | FER head | 4 | 75.0 % (" in text
    assert ") | 50.0 % | 75.0 % (" in text
    assert "FER+" not in text


def test_text_between_marks_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text("a\n<!-- figures X -->\nold\n<!-- /figures X -->\nb\n")
    write_between(path, "figures X", "new 100\\1 %")
    write_between(path, "figures X", "newer \\1")
    assert path.read_text() == "a\n<!-- figures X -->\nnewer \\1\n<!-- /figures X -->\nb\n"
    with pytest.raises(ValueError, match="figures Y"):
        write_between(path, "figures Y", "")
