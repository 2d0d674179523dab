"""Alignment puts landmarks on the template, at any size and angle, without aliasing."""

import cv2
import numpy as np
import pytest
import skimage.data

from preprocessing.alignment import SIZE, TEMPLATE, align, similarity_to_template
from preprocessing.faces import HogDetector


@pytest.fixture(scope="module")
def astronaut() -> np.ndarray:
    return cv2.cvtColor(skimage.data.astronaut(), cv2.COLOR_RGB2GRAY)


@pytest.fixture(scope="module")
def landmarks(astronaut: np.ndarray) -> np.ndarray:
    return HogDetector(min_face=80).detect(astronaut)[0].landmarks


def similarity(angle: float, scale: float, shift: tuple[float, float]) -> np.ndarray:
    """`(2, 3)` matrix of a rotation in degrees, a scale and a shift in pixels."""
    cos, sin = scale * np.cos(np.radians(angle)), scale * np.sin(np.radians(angle))
    return np.array([[cos, -sin, shift[0]], [sin, cos, shift[1]]])


def moved(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    return points @ matrix[:, :2].T + matrix[:, 2]


def enlarged(picture: np.ndarray, landmarks: np.ndarray, factor: int) -> tuple:
    """The picture with each pixel enlarged to a square, and the landmarks moved with it."""
    large = picture.repeat(factor, axis=0).repeat(factor, axis=1)
    return large, (landmarks + 0.5) * factor - 0.5


def levels(crop: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.abs(crop.astype(int) - other.astype(int))


@pytest.mark.parametrize("angle", [0, 15, -40, 90, 180])
@pytest.mark.parametrize("scale", [0.1, 1, 37.5])
def test_similarity_to_template_inverts_a_known_similarity(angle: float, scale: float) -> None:
    there = similarity(angle, scale, (310.5, -20))
    back = similarity_to_template(moved(TEMPLATE, there))
    assert np.allclose(moved(moved(TEMPLATE, there), back), TEMPLATE, atol=1e-3)


def test_similarity_to_template_is_the_least_squares_solution() -> None:
    rng = np.random.default_rng(0)
    points = TEMPLATE * 3 + rng.normal(0, 4, (5, 2))
    matrix = similarity_to_template(points)
    error = np.sum((moved(points, matrix) - TEMPLATE) ** 2)
    # No reflection, no shear, and no small change of the four numbers fits better.
    assert matrix[0, 0] == matrix[1, 1]
    assert matrix[0, 1] == -matrix[1, 0]
    for step in np.vstack([np.eye(4), -np.eye(4)]) * 1e-3:
        a, b, x, y = step
        other = matrix + np.array([[a, -b, x], [b, a, y]])
        assert np.sum((moved(points, other) - TEMPLATE) ** 2) > error


def test_align_puts_real_landmarks_within_a_fraction_of_a_pixel(landmarks: np.ndarray) -> None:
    matrix = similarity_to_template(landmarks)
    assert np.abs(moved(landmarks, matrix) - TEMPLATE).max() < 0.5


@pytest.mark.parametrize(
    ("angle", "scale", "shift"),
    [(0, 1, (13.25, -7.5)), (15, 1, (80, 0)), (-30, 0.8, (0, 200)), (170, 1.6, (900, 700))],
)
def test_align_gives_the_same_crop_from_a_moved_picture(
    astronaut: np.ndarray,
    landmarks: np.ndarray,
    angle: float,
    scale: float,
    shift: tuple[float, float],
) -> None:
    matrix = similarity(angle, scale, shift)
    picture = cv2.warpAffine(astronaut, matrix, (1400, 1400), flags=cv2.INTER_CUBIC)
    crop = align(picture, moved(landmarks, matrix))
    assert crop.shape == (SIZE, SIZE)
    assert crop.dtype == np.uint8
    assert levels(crop, align(astronaut, landmarks)).mean() < 2


def test_align_puts_marks_on_landmarks_onto_the_template() -> None:
    there = similarity(25, 9, (400, 300))
    points = moved(TEMPLATE, there)
    for point, target in zip(points, TEMPLATE, strict=True):
        picture = np.zeros((900, 900), np.uint8)
        cv2.circle(picture, [round(value * 16) for value in point], 15 * 16, 255, -1, shift=4)
        crop = align(picture, points).astype(float)
        rows, columns = np.mgrid[:SIZE, :SIZE]
        centre = (crop * columns).sum() / crop.sum(), (crop * rows).sum() / crop.sum()
        assert np.abs(np.array(centre) - target).max() < 0.1


@pytest.mark.parametrize("factor", [2, 3, 4, 10])
def test_align_changes_few_grey_levels_when_the_picture_is_enlarged(
    astronaut: np.ndarray, landmarks: np.ndarray, factor: int
) -> None:
    difference = levels(align(astronaut, landmarks), align(*enlarged(astronaut, landmarks, factor)))
    assert difference.mean() < 0.5
    assert difference.max() <= 6


def test_align_gives_the_same_crop_at_four_times_the_size(
    astronaut: np.ndarray, landmarks: np.ndarray
) -> None:
    large = cv2.resize(astronaut, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    face = HogDetector(min_face=80).detect(large)[0]
    assert levels(align(large, face.landmarks), align(astronaut, landmarks)).mean() < 4


@pytest.mark.parametrize("pixels", [1.05, 1.2, 1.45, 1.9, 3.5, 9, 31])
def test_align_does_not_alias_at_any_size(pixels: float) -> None:
    # A face with this many pixels for each pixel of the crop, under the finest possible texture.
    side = int(80 * pixels)
    rows, columns = np.mgrid[:side, :side]
    texture = ((rows + columns) % 2 * 255).astype(np.uint8)
    crop = align(texture, moved(TEMPLATE, similarity(10, pixels, (12 * pixels, 4 * pixels))))
    # Averaging little more than a pixel leaves some texture; sampling single pixels would leave 127.
    assert crop.mean() == pytest.approx(127.5, abs=3)
    assert crop.std() < (45 if pixels < 1.5 else 25)


@pytest.mark.parametrize("pixels", [1.0, 1.3, 1.45, 1.9, 2.6])
def test_align_is_close_to_averaging_over_areas(
    astronaut: np.ndarray, landmarks: np.ndarray, pixels: float
) -> None:
    matrix = similarity_to_template(landmarks)
    scale = pixels * np.hypot(matrix[0, 0], matrix[1, 0])
    small = cv2.resize(astronaut, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    points = (landmarks + 0.5) * scale - 0.5
    # The same transformation with eight samples to each pixel of the picture, averaged.
    fine = similarity_to_template(points) * 8 * np.ceil(pixels)
    fine[:, 2] += (8 * np.ceil(pixels) - 1) / 2
    size = int(SIZE * 8 * np.ceil(pixels))
    dense = cv2.warpAffine(small, fine, (size, size), borderMode=cv2.BORDER_REPLICATE)
    exact = cv2.resize(dense, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    difference = levels(align(small, points), exact)
    assert difference.mean() < (1.3 if pixels == 1 else 0.6)


def test_align_repeats_the_edge_beyond_the_edge(
    astronaut: np.ndarray, landmarks: np.ndarray
) -> None:
    left = int(landmarks[:, 0].min()) - 5
    cut, points = astronaut[:, left:], landmarks - np.array([left, 0])
    padded = np.pad(cut, 100, mode="edge")
    assert np.array_equal(align(cut, points), align(padded, points + 100))


def test_similarity_to_template_refuses_unusable_landmarks() -> None:
    for landmarks in (np.zeros((4, 2)), np.zeros((5, 3)), np.zeros(10)):
        with pytest.raises(ValueError, match="five landmarks"):
            similarity_to_template(landmarks)
    for landmarks in (np.ones((5, 2)), np.full((5, 2), np.nan)):
        with pytest.raises(ValueError, match="do not all coincide"):
            similarity_to_template(landmarks)
