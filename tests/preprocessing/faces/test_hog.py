"""dlib's HOG detector on two photographs, small faces, pictures without a face, and in threads."""

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
import skimage.data
from matplotlib.cbook import get_sample_data

from preprocessing.faces import Face, HogDetector, landmarks_in
from preprocessing.images import decode

# Eyes (the middle between their corners) and nose, read off the photographs.
ASTRONAUT = {"right": (247, 104), "left": (204, 102), "nose": (225, 134)}
HOPPER = {"right": (307, 190), "left": (224, 194), "nose": (270, 250)}


def grey(picture: str | np.ndarray) -> np.ndarray:
    return cv2.cvtColor(decode(picture).pixels, cv2.COLOR_RGB2GRAY)


@pytest.fixture(scope="module")
def astronaut() -> np.ndarray:
    return grey(skimage.data.astronaut())


@pytest.fixture(scope="module")
def hopper() -> np.ndarray:
    return grey(get_sample_data("grace_hopper.jpg", asfileobj=False))


@pytest.fixture(scope="module")
def detector() -> HogDetector:
    return HogDetector()


def scaled(picture: np.ndarray, factor: float) -> np.ndarray:
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return cv2.resize(picture, None, fx=factor, fy=factor, interpolation=how)


def assert_at(face: Face, places: dict[str, tuple[int, int]], scale: float, near: float) -> None:
    """The landmarks are where they are in the photograph, to `near` pixels of it."""
    points = face.landmarks / scale
    assert points.shape == (5, 2)
    found = {"right": points[:2].mean(0), "left": points[2:4].mean(0), "nose": points[4]}
    for name, place in places.items():
        assert np.hypot(*(found[name] - place)) < near, name


def values(faces: list[Face]) -> list[tuple]:
    return [(face.box, face.score, face.landmarks.tolist()) for face in faces]


def test_hog_detect_finds_both_portraits(
    astronaut: np.ndarray, hopper: np.ndarray, detector: HogDetector
) -> None:
    for picture, places, near in ((astronaut, ASTRONAUT, 6), (hopper, HOPPER, 10)):
        (face,) = detector.detect(picture)
        assert face.score > 0.8
        assert_at(face, places, 1, near)
        x, y, width, height = face.box
        assert width == pytest.approx(height, rel=0.05)
        assert x < face.landmarks[:, 0].min() < face.landmarks[:, 0].max() < x + width
        assert y < face.landmarks[:, 1].min() < face.landmarks[:, 1].max() < y + height


@pytest.mark.parametrize("side", [250, 400, 640, 900, 1280, 2560])
def test_hog_detect_gives_coordinates_of_the_picture_at_any_size(
    astronaut: np.ndarray, detector: HogDetector, side: int
) -> None:
    scale = side / 512
    (face,) = detector.detect(scaled(astronaut, scale))
    assert face.score > 0.6
    assert face.box[2] == pytest.approx(91 * scale, rel=0.2)
    assert_at(face, ASTRONAUT, scale, 6)


def test_hog_detect_orders_two_faces_from_left_to_right(
    astronaut: np.ndarray, detector: HogDetector
) -> None:
    first, second = detector.detect(np.hstack([astronaut, astronaut]))
    assert_at(first, ASTRONAUT, 1, 6)
    assert first.box[0] < 512 < second.box[0]
    assert np.abs(second.landmarks - first.landmarks - (512, 0)).max() <= 4


def test_hog_detect_finds_two_people(
    astronaut: np.ndarray, hopper: np.ndarray, detector: HogDetector
) -> None:
    beside = np.zeros((600, 1024), np.uint8)
    beside[:, :512], beside[:512, 512:] = hopper, astronaut
    left, right = detector.detect(beside)
    assert_at(left, HOPPER, 1, 10)
    assert left.box[0] < 512 < right.box[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["chelsea", "coffee", "rocket", "coins", "brick", "gravel", "hubble_deep_field", "page"]
)
@pytest.mark.parametrize("side", [640, 1280])
def test_hog_detect_finds_no_face_where_there_is_none(
    name: str, side: int, detector: HogDetector
) -> None:
    picture = grey(getattr(skimage.data, name)())
    assert detector.detect(scaled(picture, side / max(picture.shape))) == []


@pytest.mark.slow
@pytest.mark.parametrize("side", [260, 440, 680, 980, 1100])
def test_hog_detect_takes_no_emblem_for_a_face(
    astronaut: np.ndarray, detector: HogDetector, side: int
) -> None:
    # At these sizes the emblems score highest.
    picture = scaled(astronaut, side / 512)
    assert len(detector.detect(picture)) == 1
    assert len(HogDetector(threshold=-0.2).detect(picture)) > 1


@pytest.mark.parametrize("shape", [(16, 16), (1, 2560), (2560, 1), (40, 1280)])
def test_hog_detect_finds_no_face_in_flat_and_tiny_pictures(
    shape: tuple[int, int], detector: HogDetector
) -> None:
    assert detector.detect(np.full(shape, 90, np.uint8)) == []


def test_hog_detect_finds_a_small_face_beside_a_large_one(
    astronaut: np.ndarray, hopper: np.ndarray
) -> None:
    group = np.full((720, 1280), 128, np.uint8)
    large = scaled(hopper, 1.2)
    small = scaled(astronaut, 40 / 91)
    group[: large.shape[0], : large.shape[1]] = large
    group[200 : 200 + small.shape[0], 900 : 900 + small.shape[1]] = small
    (only,) = HogDetector(min_face=80).detect(group)
    assert_at(only, HOPPER, 1.2, 10)
    first, second = HogDetector(min_face=40).detect(group)
    assert_at(first, HOPPER, 1.2, 10)
    assert second.box[2] == pytest.approx(40, abs=8)
    assert np.abs(second.landmarks - (900, 200)).max() < small.shape[1]


def test_hog_detector_doubles_the_picture_for_each_halving_of_min_face() -> None:
    sizes = {80: 0, 81: 0, 400: 0, 79: 1, 40: 1, 39: 2, 20: 2}
    assert {size: HogDetector(min_face=size).doublings for size in sizes} == sizes
    for size in (0, 19, 1281):
        with pytest.raises(ValueError, match=f"Received: {size}"):
            HogDetector(min_face=size)


@pytest.mark.parametrize("min_face", [40, 80])
def test_hog_detect_takes_arrays_in_any_memory_order(astronaut: np.ndarray, min_face: int) -> None:
    detector = HogDetector(min_face)
    expected = values(detector.detect(astronaut))
    read_only = astronaut.copy()
    read_only.flags.writeable = False
    for same in (
        np.asfortranarray(astronaut),
        np.hstack([astronaut, astronaut])[:, :512],
        astronaut.repeat(2, axis=0)[::2],
        np.ascontiguousarray(astronaut[:, ::-1])[:, ::-1],
        read_only,
    ):
        assert values(detector.detect(same)) == expected
    assert len(expected) == 1


def test_hog_detect_gives_four_threads_the_same_faces(
    astronaut: np.ndarray, hopper: np.ndarray, detector: HogDetector
) -> None:
    pictures = [
        scaled(picture, factor) for picture in (astronaut, hopper) for factor in (0.5, 0.6)
    ] * 4
    expected = [values(HogDetector().detect(picture)) for picture in pictures[:4]] * 4
    assert all(len(faces) == 1 for faces in expected)
    with ThreadPoolExecutor(4) as pool:
        assert [values(faces) for faces in pool.map(detector.detect, pictures)] == expected


def test_landmarks_in_takes_a_box_that_reaches_past_the_edges(astronaut: np.ndarray) -> None:
    cut = astronaut[90:, 185:]
    points = landmarks_in(cut, (175 - 185, 76 - 90, 91, 91))
    assert points.dtype == np.float32
    expected = landmarks_in(astronaut, (175, 76, 91, 91)) - np.array([185, 90])
    assert np.abs(points - expected).max() < 8
