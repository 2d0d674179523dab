import numpy as np
import pytest

from train_resnet.evaluation import (
    bootstrap_interval,
    calibration_bins,
    calibration_error,
    measure,
)
from train_resnet.report import figures_table, find, write_between


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
    assert ") | 50.0 % | 75.0 % |" in text
    assert "FER+" not in text


def test_text_between_marks_is_replaced(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("doc") / "README.md"
    path.write_text("a\n<!-- figures X -->\nold\n<!-- /figures X -->\nb\n")
    write_between(path, "figures X", "new 100\\1 %")
    write_between(path, "figures X", "newer \\1")
    assert path.read_text() == "a\n<!-- figures X -->\nnewer \\1\n<!-- /figures X -->\nb\n"
    with pytest.raises(ValueError, match="figures Y"):
        write_between(path, "figures Y", "")
