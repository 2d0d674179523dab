"""The networks behind a detector: what counts as found and right, and the command."""

import json
import shutil
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest

from preprocessing.compare.pictures import Shot, Truth, of_fer2013
from preprocessing.faces import Face
from tests.preprocessing.compare.fixed import Fixed
from train_resnet import files
from train_resnet.__main__ import main
from train_resnet.compare import end_to_end, rows
from train_resnet.compare.rows import Row
from train_resnet.run.recipe import Recipe


def face(left: float, score: float) -> Face:
    return Face((left, 20, 40, 40), score, np.zeros((5, 2), np.float32), "haar")


def test_see_takes_the_surest_face_at_the_right_place() -> None:
    grey = np.arange(100, dtype=np.uint8)[None].repeat(100, 0)
    shot = Shot("FER-2013", "with a border", grey, (Truth(40, 40, 40),), source=1)
    labels = np.array([0, 3])
    finder = Fixed(face(21, 1.0), face(19, 2.0), face(90, 5.0))
    [seen] = end_to_end.see(finder, end_to_end.boxed, [shot], labels)
    assert (seen.kind, seen.label, seen.found) == ("with a border", 3, 1)
    # The cut is the box: from 19 to 59 across, and at the edge what the picture holds of it.
    assert seen.crops.shape == (3, 48, 48)
    np.testing.assert_allclose(seen.crops[1][0, [0, -1]], (19, 58), atol=1)
    assert seen.crops[2].min() >= 90
    [missed] = end_to_end.see(Fixed(face(90, 5.0)), end_to_end.boxed, [shot], labels)
    assert missed.found is None
    [empty] = end_to_end.see(Fixed(), end_to_end.boxed, [shot], labels)
    assert empty.crops.shape == (0, 48, 48)


def test_answered_counts_a_right_answer_only_of_the_right_face() -> None:
    crops = np.stack([np.full((48, 48), level, np.uint8) for level in (2, 5)])

    def network(faces: np.ndarray) -> np.ndarray:
        return np.eye(7)[faces[:, 0, 0]]

    kind = "pasted into views"
    pictures = [
        end_to_end.Seen(kind, 5, crops, 1, 10.0),  # right
        end_to_end.Seen(kind, 5, crops, 0, 20.0),  # the false alarm has the right answer
        end_to_end.Seen(kind, 5, crops, None, 30.0),  # not found
        end_to_end.Seen("with a border", 2, crops[:0], None, 90.0),  # nothing found
    ]
    figures = end_to_end.answered(network, pictures)
    assert (figures["n"], figures["found"], figures["right"]) == (4, 0.5, 0.25)
    assert figures["kinds"][kind] == {"found": 2 / 3, "right": 1 / 3}
    assert figures["milliseconds"] == pytest.approx(20, abs=2)


@pytest.mark.slow
def test_of_fer2013_says_which_image_a_face_is_of() -> None:
    images = np.stack([np.full((48, 48), level, np.uint8) for level in (0, 100, 200)])
    shots = list(of_fer2013(images, 3, pasted=3))
    assert sorted(shot.source for shot in shots[:3]) == [0, 1, 2]
    for shot in shots:
        [truth] = shot.faces
        assert shot.grey[round(truth.y), round(truth.x)] == 100 * shot.source


@pytest.fixture
def tiny_row(run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of rows in which the row `one` is trained, and `both` is an ensemble."""
    row = Row("one", "a network", recipe=Recipe(arch="tiny"), mirrored_view=True)
    monkeypatch.setattr(rows, "ROWS", (row, Row("both", "together", members=("one",))))
    monkeypatch.setattr(end_to_end, "CHEAP", ("one",))
    monkeypatch.setattr(end_to_end, "FACES", 2)
    (tmp_path / "rows" / "one").mkdir(parents=True)
    for name in ("best.keras", "training.json"):
        shutil.copy(run_folder / name, tmp_path / "rows" / "one")
    return tmp_path / "rows"


@pytest.mark.slow
def test_compare_end_to_end_writes_a_row_for_each_network_and_way(
    data_file: Path, tiny_row: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "ROOT", tmp_path)
    monkeypatch.setattr(end_to_end, "RECORD", tmp_path / "record.json")
    (tmp_path / "model").mkdir()
    page = tmp_path / "model" / "BASELINES.md"
    page.write_text("<!-- end-to-end -->\n<!-- /end-to-end -->\n")
    before = (tiny_row / "one" / "best.keras").stat().st_mtime_ns
    command = f"compare --data {data_file} --output {tiny_row} --end-to-end --record"
    assert main(command.split()) == 0
    records = json.loads((tmp_path / "record.json").read_text())
    assert [record["row"] for record in records] == ["one"] * 4 + ["resnet, served"] * 4
    assert [record["detector"] for record in records[:4]] == [
        "none", "haar", "haar", "hog+blazeface",
    ]  # fmt: skip
    assert [record["n"] for record in records[:2]] == [2, 6]
    assert end_to_end.table(records) in page.read_text()
    assert (tiny_row / "one" / "best.keras").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("options", "message"),
    [("--rows both", "both has no network of its own"), ("", "one has not been run in ")],
)
def test_compare_end_to_end_says_which_network_is_missing(
    options: str, message: str, data_file: Path, tiny_row: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tiny_row / "one" / "best.keras").unlink()
    command = f"compare --data {data_file} --output {tiny_row} --end-to-end {options}"
    with patch.object(end_to_end, "measure", side_effect=AssertionError):
        assert main(command.split()) == 1
    assert message in capsys.readouterr().err


def test_end_to_end_table_is_that_of_the_page() -> None:
    records = json.loads(end_to_end.RECORD.read_text(encoding="utf-8"))
    page = (files.ROOT / "model" / "BASELINES.md").read_text(encoding="utf-8")
    assert end_to_end.table(records) in page
