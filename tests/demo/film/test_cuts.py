from itertools import combinations

import cv2
import numpy as np
import pytest
from skimage import data

from demo.film.cuts import Cuts
from tests.demo.film.clips import people, room, scene, steady

# The photographs in scikit-image's package.
PHOTOGRAPHS = (
    *("astronaut", "brick", "camera", "cat", "cell", "checkerboard", "clock", "coffee", "coins"),
    *("colorwheel", "grass", "gravel", "hubble_deep_field", "immunohistochemistry"),
    *("microaneurysms", "moon", "page", "retina", "rocket", "text"),
)


@pytest.fixture(scope="module")
def photographs() -> list[np.ndarray]:
    """The middle of each photograph, in a film's proportions: (360, 640, 3)."""
    return [_wide(getattr(data, name)()) for name in PHOTOGRAPHS]


def _wide(pixels: np.ndarray) -> np.ndarray:
    if pixels.ndim == 2:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB)
    height = min(pixels.shape[0], pixels.shape[1] * 9 // 16)
    width = height * 16 // 9
    top, left = (pixels.shape[0] - height) // 2, (pixels.shape[1] - width) // 2
    middle = pixels[top : top + height, left : left + width]
    return cv2.resize(middle, (640, 360), interpolation=cv2.INTER_AREA)


def test_cuts_finds_a_cut_between_different_photographs(photographs: list[np.ndarray]) -> None:
    told = [cut_between(*pair) for pair in combinations(photographs, 2)]
    assert len(told) == 190
    assert np.mean(told) >= 0.95


@pytest.mark.parametrize("share", [0.05, 0.15])
def test_cuts_finds_none_when_the_camera_turns(photographs: list[np.ndarray], share: float) -> None:
    moved = round(640 * share)
    for pixels in photographs:
        assert not cut_between(pixels[:, :-moved], pixels[:, moved:])


def test_cuts_finds_none_in_a_grainy_picture(photographs: list[np.ndarray]) -> None:
    grain = np.random.default_rng(0).normal(0, 15, (360, 640, 1))
    for pixels in photographs:
        assert not cut_between(pixels, np.clip(pixels + grain, 0, 255).astype(np.uint8))


def cut_between(one: np.ndarray, other: np.ndarray) -> bool:
    cuts = Cuts()
    assert not cuts.between(one)
    return cuts.between(other)


def test_cuts_tells_cuts_from_other_changes() -> None:
    astronaut, coffee = data.astronaut(), data.coffee()
    assert cut_between(astronaut[:300], coffee[:300, :512])
    assert cut_between(room(seed=1), room(seed=2))
    assert not cut_between(coffee, coffee)
    brighter = np.clip(coffee.astype(int) * 1.5 + 30, 0, 255).astype(np.uint8)
    assert not cut_between(coffee, brighter)
    # A turning camera: 12 % of the width in a fifth of a second.
    assert not cut_between(coffee[:, :528], coffee[:, 72:])


def test_cuts_finds_none_when_someone_walks_through() -> None:
    cuts = Cuts()
    head = people()[0]
    for background in (room(), np.full((240, 400, 3), 128, np.uint8)):
        walk = scene(background, [(head, lambda t: (550 * t - 110, 40))], steady(1, 5))
        pictures = [picture for _, picture in walk]
        assert not any(cuts.between(picture) for picture in pictures[1:])
        cuts = Cuts()
