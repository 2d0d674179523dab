from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from matplotlib.axes import Axes

from preprocessing.fer2013 import VOTE_COLUMNS, Fer2013
from train_resnet.__main__ import main
from train_resnet.report.dataset import plot_classes, sample_sheet


@pytest.mark.slow
def test_dataset_writes_both_plots(data_file: Path, tmp_path: Path) -> None:
    assert main(["dataset", "--data", str(data_file), "--output", str(tmp_path / "new")]) == 0
    for name in ("classes.png", "samples.png"):
        assert (tmp_path / "new" / name).read_bytes().startswith(b"\x89PNG")


def test_dataset_says_what_cannot_be_read(
    data_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").touch()
    for options, code, message in (
        (f"--data {data_file} --output {tmp_path / 'mine'}", 2, "holds files that this program"),
        (f"--data {data_file} --votes none.csv --output {tmp_path / 'a'}", 1, "none.csv: there is"),
    ):
        assert main(f"dataset {options}".split()) == code
        assert message in capsys.readouterr().err


def test_plot_classes_counts_labels_and_winners(toy: Fer2013, tmp_path: Path) -> None:
    votes = toy.votes.copy()  # type: ignore[union-attr]
    votes[0] = np.eye(len(VOTE_COLUMNS))[-1]  # "No face" wins: this image counts on neither side.
    with patch.object(Axes, "bar_label", autospec=True) as labelled:
        plot_classes(replace(toy, votes=votes), tmp_path / "classes.png")
        plot_classes(replace(toy, votes=None), tmp_path / "labels.png")
    counts = [call.args[2] for call in labelled.call_args_list]
    assert counts[:3] == counts[6:] == [["16"] * 7, ["4"] * 7, ["4"] * 7]
    assert counts[3:6] == [["15", *["16"] * 6], ["4"] * 7, ["4"] * 7]


@pytest.mark.slow
def test_sample_sheet_shows_each_emotion_and_winners_that_differ(
    toy: Fer2013, tmp_path: Path
) -> None:
    votes = np.roll(toy.votes, 1, axis=0)  # type: ignore[arg-type]
    for given, differing in ((toy.votes, 0), (votes, 7 * 14)):
        with (
            patch.object(Axes, "imshow", autospec=True) as shown,
            patch.object(Axes, "set_xlabel", autospec=True) as winner,
        ):
            sample_sheet(replace(toy, votes=given), tmp_path / "samples.png")
        assert winner.call_count == differing
        # A class's bright bar says which row of the sheet an image is in.
        bars = [call.args[1].mean(1).argmax() // 6 for call in shown.call_args_list]
        assert len(bars) == 7 * 14
        assert sorted(bars) == pytest.approx(np.repeat(range(7), 14), abs=1)
