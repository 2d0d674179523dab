"""BlazeFace's networks find faces in views and check their files."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from preprocessing.faces import BlazeFaceDetector, InvalidDetector, blazeface
from preprocessing.faces.blazeface import Network, View, crop_view, tiles, view_around, whole_view

NAMES = ["blazeface-short", "blazeface-full"]


@pytest.mark.parametrize("name", NAMES)
def test_network_detect_finds_the_eyes_in_the_photograph(
    name: str, grey_astronaut: np.ndarray
) -> None:
    view = View(100, 0, 250)
    [detection, *_] = Network(name).detect(grey_astronaut, view, 0.5)
    assert np.abs(detection.eyes - [(204, 102), (247, 104)]).max() < 10
    x, y, width, height = detection.box
    assert x < 204 < 247 < x + width
    assert y < 102 < 134 < y + height
    assert abs(detection.roll) < 12


def test_network_detect_gives_a_leaning_face_its_roll(grey_astronaut: np.ndarray) -> None:
    on_its_side = np.ascontiguousarray(np.rot90(grey_astronaut[:250, 100:350], -1))
    [detection, *_] = Network("blazeface-short").detect(on_its_side, whole_view((250, 250)), 0.2)
    assert 50 < detection.roll < 130


@pytest.mark.parametrize(
    ("view", "rows", "columns"),
    [(View(0, 0, 64), (0, 64), (0, 64)), (View(-32, -32, 128), (32, 96), (32, 96))],
)
def test_crop_view_repeats_the_edge(
    view: View, rows: tuple[int, int], columns: tuple[int, int]
) -> None:
    picture = np.full((64, 64), 100, np.uint8)
    picture[0], picture[-1] = 200, 50
    seen = crop_view(picture, view, 128)
    assert seen.shape == (128, 128)
    assert seen[rows[0], columns[0]] == pytest.approx(200, abs=30)
    assert seen[0, 0] == pytest.approx(200, abs=30)
    assert seen[-1, -1] == pytest.approx(50, abs=30)


@pytest.mark.parametrize("shape", [(720, 1280), (480, 640), (1, 1280), (900, 900), (20, 20)])
@pytest.mark.parametrize("min_face", [20, 40, 80, 1280])
def test_tiles_cover_the_picture_and_are_few(shape: tuple[int, int], min_face: int) -> None:
    views = tiles(shape, min_face)
    covered = np.zeros(shape, bool)
    for view in views:
        assert view.side <= max(13 * min_face, 1)
        rows = slice(max(0, int(view.top)), int(np.ceil(view.top + view.side)))
        covered[rows, max(0, int(view.left)) : int(np.ceil(view.left + view.side))] = True
    assert covered.all()
    assert len(views) <= 40


@pytest.mark.parametrize(
    ("shape", "min_face", "count", "side"),
    [((720, 1280), 80, 2, 720), ((480, 640), 40, 2, 480), ((480, 640), 80, 1, 640)],
)
def test_tiles_are_as_small_as_their_number_allows(
    shape: tuple[int, int], min_face: int, count: int, side: float
) -> None:
    views = tiles(shape, min_face)
    assert len(views) == count
    assert {view.side for view in views} == {side}


@pytest.mark.parametrize("box", [(300, 200, 40, 40), (0, 0, 40, 40), (620, 470, 40, 40)])
def test_view_around_shows_the_box_inside_the_picture(box: tuple[int, int, int, int]) -> None:
    x, y, width, height = box
    view = view_around((480, 640), box, 120)
    assert view.side == 120
    assert view.shows(x, y, min(640, x + width), min(480, y + height))
    assert 0 <= view.left <= 640 - 120
    assert 0 <= view.top <= 480 - 120
    assert not view.shows(x - 200, y, x, y + height)


def test_view_around_shows_a_picture_that_is_smaller() -> None:
    assert view_around((100, 90), (10, 20, 30, 30), 120) == View(-15, -10, 120)


def test_blazeface_detect_finds_one_face_in_each_photograph(
    grey_astronaut: np.ndarray, grey_hopper: np.ndarray
) -> None:
    for picture in (grey_astronaut, grey_hopper):
        [face] = BlazeFaceDetector().detect(picture)
        assert face.detected_by == "blazeface"
        assert 0.6 < face.score < 1


@pytest.mark.parametrize("name", NAMES)
def test_blazeface_files_match_their_json(name: str) -> None:
    info = json.loads((blazeface.WEIGHTS / f"{name}.json").read_text(encoding="utf-8"))
    content = (blazeface.WEIGHTS / f"{name}.tflite").read_bytes()
    assert hashlib.sha256(content).hexdigest() == info["sha256"]
    assert "Apache-2.0" in info["licence"]
    assert {"source", "authors", "use"} <= set(info)
    assert "Version 2.0" in (blazeface.WEIGHTS / "LICENSE").read_text(encoding="utf-8")


@pytest.mark.parametrize("damage", ["changed", "cut off", "gone", "no json"])
def test_network_names_the_remedy_for_a_missing_or_damaged_file(
    damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in blazeface.WEIGHTS.glob("blazeface-full.*"):
        shutil.copy(file, tmp_path)
    file = tmp_path / "blazeface-full.tflite"
    content = file.read_bytes()
    if damage == "changed":
        file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif damage == "cut off":
        file.write_bytes(content[:1000])
    elif damage == "gone":
        file.unlink()
    else:
        file.with_suffix(".json").write_text("{")
    monkeypatch.setattr(blazeface, "WEIGHTS", tmp_path)
    with pytest.raises(InvalidDetector, match=r"blazeface-full.*out\s+again.*hog"):
        Network("blazeface-full")
