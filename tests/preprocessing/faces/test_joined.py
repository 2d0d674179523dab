"""The default detector finds small, cut, covered, dark and turned faces, each once, and no others."""

from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import cv2
import numpy as np
import pytest
import skimage.data

from preprocessing.compare.figures import matches, measure_one
from preprocessing.compare.pictures import Shot, crowds, faceless, made
from preprocessing.faces import HogDetector, JoinedDetector

# The made pictures in which the face must be found; for the others, recall is only measured.
PROMISED = {
    "size": ("20 px", "24 px", "32 px", "40 px", "80 px", "200 px", "400 px"),
    "turn": ("0°", "15°", "30°", "45°", "60°", "90°", "180°"),
    "brightness": ("gamma 0.3", "gamma 4", "gamma 6"),
    "cover": ("hat",),
    "place": ("0 % cut off", "10 % cut off", "20 % cut off"),
    "head shot": ("40x50", "64x80", "128x160"),
    "profile": ("camera man",),
}


@pytest.fixture(scope="module")
def shots() -> list[Shot]:
    return list(made())


@pytest.mark.slow
@pytest.mark.parametrize("kind", PROMISED)
def test_detect_finds_the_face_in_made_pictures(kind: str, shots: list[Shot]) -> None:
    for degree in PROMISED[kind]:
        chosen = [shot for shot in shots if (shot.kind, shot.degree) == (kind, degree)]
        for shot in chosen[:: max(1, len(chosen) // 4)]:
            faces = JoinedDetector(shot.min_face).detect(shot.grey)
            assert len(faces) == 1, (kind, degree)
            assert matches(faces[0], shot.faces[0]), (kind, degree)


@pytest.mark.parametrize("cover", ["sunglasses", "mask"])
def test_detect_finds_most_covered_faces(
    cover: str, shots: list[Shot], detector: JoinedDetector
) -> None:
    chosen = [shot for shot in shots if shot.degree == cover]
    found = [len(detector.detect(shot.grey)) for shot in chosen]
    assert max(found) == 1
    assert sum(found) >= 4


@pytest.mark.slow
def test_detect_finds_nearly_all_faces_that_touch_each_other() -> None:
    asked = found = 0
    for shot in list(crowds())[::3]:
        result = measure_one(JoinedDetector(shot.min_face), shot)
        asked, found = asked + result.asked, found + result.found
        assert result.false == 0
    assert found > 0.9 * asked


def test_detect_finds_two_small_faces_that_touch_each_other(detector: JoinedDetector) -> None:
    pairs = [shot for shot in crowds() if (shot.degree, shot.min_face) == ("2 faces", 40)]
    for shot in pairs:
        assert measure_one(detector, shot).found == 2


def test_detect_finds_two_faces_of_a_film(
    grey_astronaut: np.ndarray, grey_hopper: np.ndarray
) -> None:
    detector = JoinedDetector(80, second_look=False)
    heads = [
        cv2.resize(head, (130, 150), interpolation=cv2.INTER_AREA)
        for head in (grey_astronaut[20:200, 150:306], grey_hopper[80:380, 144:404])
    ]
    for step in range(8):
        view = np.full((720, 1280), 120, np.uint8)
        for head, x, y in zip(heads, (200 + 20 * step, 800 - 15 * step), (250, 300), strict=True):
            view[y : y + 150, x : x + 130] = head
        assert len(detector.detect(view)) == 2


def test_detect_reports_every_face_once(
    grey_astronaut: np.ndarray, grey_hopper: np.ndarray, detector: JoinedDetector
) -> None:
    beside = np.zeros((600, 1024), np.uint8)
    beside[:, :512], beside[:512, 512:] = grey_hopper, grey_astronaut
    left, right = detector.detect(beside)
    assert left.box[0] < 512 < right.box[0]
    for face in (left, right):
        assert face.detected_by == "hog+blazeface"
        assert face.score > 1.5
        assert face.turned == 0


def test_detect_agrees_with_dlib_on_boxes_and_landmarks(
    grey_astronaut: np.ndarray, grey_hopper: np.ndarray, detector: JoinedDetector
) -> None:
    for picture in (grey_astronaut, grey_hopper):
        [one], [other] = detector.detect(picture), HogDetector().detect(picture)
        assert np.abs(np.subtract(one.box, other.box)).max() < 0.2 * other.box[2]
        assert np.abs(one.landmarks - other.landmarks).mean() < 0.04 * other.box[2]


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_detect_finds_faces_in_a_turned_picture_and_says_how_far(
    grey_astronaut: np.ndarray, detector: JoinedDetector, quarters: int
) -> None:
    picture = grey_astronaut[:400]
    [upright] = detector.detect(picture)
    [face] = detector.detect(np.ascontiguousarray(np.rot90(picture, quarters)))
    # The same number of clockwise turns makes the picture upright again.
    assert face.turned == 90 * quarters
    x, y, width, height = face.box
    inside = (face.landmarks > (x, y)) & (face.landmarks < (x + width, y + height))
    assert inside.all()
    expected = upright.landmarks
    sides = picture.shape[::-1]
    for _ in range(quarters):
        expected = np.stack([expected[:, 1], sides[0] - 1 - expected[:, 0]], 1)
        sides = sides[::-1]
    assert np.abs(face.landmarks - expected).mean() < 0.06 * width


def test_detect_looks_once_without_second_look(grey_astronaut: np.ndarray) -> None:
    on_its_head = np.ascontiguousarray(grey_astronaut[::-1, ::-1])
    assert len(JoinedDetector().detect(on_its_head)) == 1
    assert JoinedDetector(second_look=False).detect(on_its_head) == []


@pytest.mark.parametrize("name", ["chelsea", "coffee", "rocket", "coins", "brick", "page", "moon"])
def test_detect_finds_no_face_where_there_is_none(name: str, detector: JoinedDetector) -> None:
    picture = getattr(skimage.data, name)()
    grey = picture if picture.ndim == 2 else cv2.cvtColor(picture[..., :3], cv2.COLOR_RGB2GRAY)
    assert detector.detect(grey) == []


def test_detect_takes_no_coin_for_a_face_where_several_look_alike(
    detector: JoinedDetector,
) -> None:
    coins = next(islice(faceless(), 73, None)).grey
    assert detector.detect(coins) == []


@pytest.mark.parametrize("shape", [(16, 16), (1, 2560), (2560, 1), (16, 900), (40, 1280)])
def test_detect_finds_no_face_in_flat_and_tiny_pictures(
    shape: tuple[int, int], detector: JoinedDetector
) -> None:
    assert detector.detect(np.full(shape, 90, np.uint8)) == []
    assert detector.detect(np.random.default_rng(0).integers(0, 256, shape, np.uint8)) == []


def test_detect_gives_four_threads_the_same_faces(
    grey_astronaut: np.ndarray, grey_hopper: np.ndarray, detector: JoinedDetector
) -> None:
    pictures = [grey_astronaut[:256, 100:356], grey_hopper[50:350, 100:400]] * 4
    expected = [[face.box for face in JoinedDetector().detect(each)] for each in pictures[:2]] * 4
    assert all(len(boxes) == 1 for boxes in expected)
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(detector.detect, pictures)
        assert [[face.box for face in faces] for faces in found] == expected
