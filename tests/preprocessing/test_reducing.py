import cv2
import numpy as np
import pytest

from preprocessing.reducing import averaged, reduced, reduced_to


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((100, 200), (50, 100)),
        ((200, 100), (100, 50)),
        ((100, 80), (100, 80)),
        ((1, 900), (1, 100)),
    ],
)
def test_reduced_to_limits_the_longer_side(
    shape: tuple[int, int], expected: tuple[int, int]
) -> None:
    pixels = np.full((*shape, 3), 200, np.uint8)
    small = reduced_to(pixels, 100)
    assert small.shape == (*expected, 3)
    assert (small == 200).all()


def test_reduced_averages_over_areas() -> None:
    stripes = np.tile(np.array([0, 200], np.uint8), (4, 4))
    assert (reduced(stripes, 0.5) == np.full((2, 4), 100)).all()


def test_averaged_halves_large_pictures_first_with_the_same_result() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (721, 1283), np.uint8)
    smooth = cv2.GaussianBlur(noise, (0, 0), 8)
    small = averaged(smooth, 64, 36)
    assert small.shape == (36, 64)
    expected = cv2.resize(smooth, (64, 36), interpolation=cv2.INTER_AREA)
    assert np.abs(small.astype(int) - expected).max() <= 3
