from pathlib import Path
from unittest.mock import patch

import numpy as np
from matplotlib.axes import Axes

from tests.train_resnet.measure.test_metrics import certain
from train_resnet.measure.metrics import measure
from train_resnet.report.plots import contact_sheet, plot_risk_coverage, plot_training


def test_plot_risk_coverage_marks_the_threshold(tmp_path: Path) -> None:
    figures = measure(certain([0, 1, 2, 3], 0.9), np.array([0, 1, 2, 4]), uncertain_below=0.5)
    records = [
        {"labels": "fer2013", "output": output, "subset": "all", "input": "aligned", **figures}
        for output in ("fer_head", "served")
    ]
    with patch.object(Axes, "scatter", autospec=True) as scatter:
        plot_risk_coverage(records, tmp_path / "risk_coverage.png")
    assert scatter.call_args[0][1:] == (1.0, 0.75)
    assert scatter.call_args[1]["label"] == "100% not uncertain, 75% of them right"
    assert (tmp_path / "risk_coverage.png").read_bytes().startswith(b"\x89PNG")


def test_contact_sheet_shows_the_surest_mistakes_first(tmp_path: Path) -> None:
    probabilities = np.concatenate([certain([0], 0.6), certain([1], 0.8), certain([2, 3], 0.9)])
    labels = np.array([5, 6, 2, -1])  # wrong, wrong, right, does not count
    crops = np.zeros((4, 48, 48), np.uint8)
    with patch.object(Axes, "set_title", autospec=True) as title:
        contact_sheet(crops, probabilities, labels, tmp_path / "mistakes.png")
    titles = [call[0][1] for call in title.call_args_list]
    assert titles == ["disgust 80%\nlabel neutral", "angry 60%\nlabel surprise"]
    contact_sheet(crops[:1], probabilities[:1], np.array([0]), tmp_path / "none.png")
    assert (tmp_path / "none.png").exists()


def test_plot_training_draws_the_losses_of_training_and_validation(tmp_path: Path) -> None:
    one_head = {"loss": 1.5, "network_fer_head": 0.4, "validation_loss": 1.2}
    two_heads = {**one_head, "network_votes_head": 0.6}
    for record, expected in (
        (one_head, ["training", "validation", "FER head"]),
        (two_heads, ["training, both heads", "validation, FER head", "FER head", "votes head"]),
    ):
        history = [{"epoch": 1.0, **record}, {"epoch": 2.0, **record}]
        with patch.object(Axes, "plot", autospec=True, side_effect=Axes.plot) as drawn:
            plot_training(history, tmp_path / "curves.png")
        assert [call.kwargs["label"] for call in drawn.call_args_list] == expected
