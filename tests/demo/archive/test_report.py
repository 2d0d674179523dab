"""The report on a table: its counts and its plots."""

import io
import json
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from demo.archive.columns import Row
from demo.archive.plots import plots
from demo.archive.report import Counts, folder_of, root_of
from model.labels import EMOTIONS
from tests.demo.archive.conftest import BAD, GOOD


def test_report_counts_the_rows_of_the_table(
    whole: Path, archive: Path, whole_rows: list[Row]
) -> None:
    folder = whole.with_name("table-report")
    summary = json.loads((folder / "summary.json").read_text())
    assert (summary["pictures"], summary["pictures_read"]) == (GOOD + BAD, GOOD)
    assert summary["pictures_not_read"] == sum(summary["errors"].values()) == BAD
    assert summary["pictures_by_number_of_faces"] == {"0": 66, "1": 67, "2": 67}
    faces = [row for row in whole_rows if row[1]]
    assert summary["faces"] == sum(summary["faces_by_confidence"].values()) == len(faces) == 201
    assert list(summary["emotions"]) == list(EMOTIONS)
    counted = Counter(str(row[15]) for row in faces)
    assert {name: count for name, count in summary["emotions"].items() if count} == counted
    names = {"2000", "2001", "2002", "2003", "broken"}
    assert set(summary["folders"]) == {path.name for path in archive.iterdir()} == names
    assert summary["folders"]["broken"]["pictures"] == BAD
    assert summary["made_by"]["detector"] == "haar"
    pictures = sorted(path.name for path in folder.glob("*.png"))
    assert pictures == sorted(plots(Counts()))


@pytest.mark.slow
def test_plots_show_no_rows_many_folders_and_odd_names() -> None:
    counts = Counts(pictures=1, errors=Counter({"$x_ \n <b>": 1}))
    counts.folders = {f"${number}$\n\udce9": Counter({"happy": 1}) for number in range(40)}
    for found in (Counts(), counts):
        for png in plots(found).values():
            assert Image.open(io.BytesIO(png)).width == 1350


@pytest.mark.parametrize(
    ("inputs", "path", "folder"),
    [
        (["photos"], "photos/2001/may/1.jpg", "2001"),
        (["photos"], "photos/1.jpg", "."),
        (["."], "2001/1.jpg", "2001"),
        (["a/photos", "a/more.zip"], "a/more.zip/x/1.jpg", "more.zip"),
        (["photos/*/x/*.jpg"], "photos/2001/x/1.jpg", "2001"),
        (["/photos", "album"], "album/1.jpg", "album"),
    ],
)
def test_folder_of_returns_the_folder_one_level_below_the_input(
    inputs: list[str], path: str, folder: str
) -> None:
    assert folder_of(path, root_of([Path(each) for each in inputs])) == folder
