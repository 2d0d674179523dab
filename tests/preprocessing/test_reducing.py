import numpy as np
import pytest

from preprocessing.reducing import reduced, reduced_to


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
