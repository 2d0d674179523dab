"""The side-by-side measurement counts correctly and writes its table and plot."""

import sys
from pathlib import Path

import numpy as np
import pytest

from preprocessing.compare import __main__ as command
from preprocessing.compare.figures import measure_one, table
from preprocessing.compare.pictures import Shot, Truth, faceless, made, portraits
from preprocessing.faces import Face, HogDetector
from tests.preprocessing.compare.fixed import Fixed


def face(x: float, y: float, width: float, points: np.ndarray) -> Face:
    return Face((x - width / 2, y - width / 2, width, width), 1.0, points, "hog")


def test_measure_one_counts_faces_whose_box_and_landmarks_match() -> None:
    points = np.array([(60, 40), (55, 40), (40, 40), (45, 40), (50, 60)], np.float32)
    shot = Shot("size", "30 px", np.zeros((100, 100), np.uint8), (Truth(50, 50, 30, points),))
    right = face(50, 50, 30, points)
    upside_down = face(50, 50, 30, 100 - points)
    elsewhere, too_large = face(80, 50, 30, points), face(50, 50, 70, points)
    assert (measure_one(Fixed(right), shot).found, measure_one(Fixed(right), shot).false) == (1, 0)
    for wrong in (upside_down, elsewhere, too_large):
        result = measure_one(Fixed(wrong), shot)
        assert (result.found, result.false) == (0, 1)
        assert measure_one(Fixed(wrong, right), shot).found == 1
    assert measure_one(Fixed(), shot).found == 0


def test_portraits_have_their_faces_where_they_say() -> None:
    for grey, truth in portraits():
        assert measure_one(HogDetector(), Shot("size", "", grey, (truth,))).found == 1


@pytest.mark.slow
def test_made_and_faceless_are_reproducible_and_hold_what_they_say() -> None:
    first, second = ([shot.grey.tobytes() for shot in list(made())[::40]] for _ in range(2))
    assert first == second
    for shot in list(made())[::15]:
        [truth] = shot.faces
        assert -0.5 * truth.width < truth.x < shot.grey.shape[1] + 0.5 * truth.width
    assert all(shot.faces == () for shot in faceless())


@pytest.mark.slow
def test_compare_command_writes_a_table_and_a_plot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = [*list(made())[::60], *list(faceless())[:2]]
    monkeypatch.setattr(command, "made", lambda: chosen)
    monkeypatch.setattr(command, "crowds", list)
    monkeypatch.setattr(command, "faceless", list)
    arguments = [
        "compare",
        "--output",
        str(tmp_path / "out"),
        "--detectors",
        "hog+blazeface",
        "haar",
    ]
    monkeypatch.setattr(sys, "argv", arguments)
    assert command.main() == 0
    written = (tmp_path / "out" / "detectors.md").read_text(encoding="utf-8")
    assert written == capsys.readouterr().out
    assert "| pictures | n | hog+blazeface | haar |" in written
    assert (tmp_path / "out" / "detectors.png").stat().st_size > 10_000


def test_table_counts_recall_and_false_alarms() -> None:
    points = np.zeros((5, 2), np.float32)
    shots = [Shot("size", "30 px", np.zeros((99, 99), np.uint8), (Truth(50, 50, 30),))] * 3
    none = Shot("no face", "views", np.zeros((99, 99), np.uint8), ())
    finder = Fixed(face(50, 50, 30, points))
    results = [measure_one(finder, shot) for shot in shots] + [
        measure_one(Fixed(), shots[0]),
        measure_one(finder, none),
    ]
    lines = table({"hog": results}).splitlines()
    assert "| size: 30 px | 4 | 75 % |" in lines
    assert "| no face: views | 1 | 1 with a false alarm |" in lines
    assert "| false alarms beside a face | 4 | 0 |" in lines
