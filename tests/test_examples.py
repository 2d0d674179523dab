"""The programs in examples/ do what they say."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from examples import camera, film, photograph
from tests.demo.film.clips import people, room, scene, steady, write_film


@pytest.fixture(scope="module")
def smile(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A film of a second and a half: a smiling woman who stands still."""
    astronaut, _ = people()
    frames = scene(room(), [(astronaut, lambda _: (100, 40))], steady(1.5, rate=5))
    return str(write_film(tmp_path_factory.mktemp("film") / "smile.mp4", frames, rate=5))


def test_photograph_names_the_face_and_draws_its_box(
    hopper_path: Path, hopper: np.ndarray, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    boxes = tmp_path / "boxes.png"
    photograph.main(str(hopper_path), str(boxes))
    first, face = capsys.readouterr().out.splitlines()
    assert first == "faces: 1"
    assert re.fullmatch(r"\(\d+, \d+, \d+, \d+\): neutral \(\d\d%\), seen by hog\+blazeface", face)
    drawn = np.asarray(Image.open(boxes))
    assert drawn.shape == hopper.shape
    assert (drawn != hopper).any()


def test_photograph_says_what_cannot_be_read(tmp_path: Path) -> None:
    text = tmp_path / "a.jpg"
    text.write_text("no picture")
    with pytest.raises(SystemExit, match=r"a\.jpg"):
        photograph.main(str(text), str(tmp_path / "b.png"))


def test_camera_numbers_the_person(smile: str, capsys: pytest.CaptureFixture[str]) -> None:
    camera.main(smile)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) >= 7
    assert lines[-1].endswith("s  1: happy")


def test_film_tells_when_an_expression_begins(
    smile: str, capsys: pytest.CaptureFixture[str]
) -> None:
    film.main(smile)
    assert capsys.readouterr().out == "   0.0 s  person 1: happy\n"
