from dataclasses import replace

import numpy as np
import pytest

from train_resnet.run.augmentation import augment
from train_resnet.run.recipe import Recipe

STILL = Recipe(rotation=0, zoom=0, shift=0, contrast=0, brightness=0, degradation=0, erasing=0)


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (64, 48, 48), np.uint8)


def changed(images: np.ndarray, recipe: Recipe, seed: int = 0) -> np.ndarray:
    return augment(images, recipe, np.random.default_rng(seed))


def test_augment_gives_the_same_images_for_the_same_draw(images: np.ndarray) -> None:
    np.testing.assert_array_equal(changed(images, Recipe()), changed(images, Recipe()))
    assert not np.array_equal(changed(images, Recipe()), changed(images, Recipe(), seed=1))


def test_augment_without_changes_gives_the_image_or_its_mirror(images: np.ndarray) -> None:
    result = changed(images, STILL)
    same = (result == images).all((1, 2))
    mirrored = (result == images[:, :, ::-1]).all((1, 2))
    assert (same | mirrored).all()
    assert 0.2 < mirrored.mean() < 0.8


def test_augment_shifts_no_further_than_said() -> None:
    image = np.zeros((200, 48, 48), np.uint8)
    image[:, 24, 24] = 255
    _, y, x = np.nonzero(changed(image, replace(STILL, shift=0.125)) > 60)
    assert np.abs(y - 24).max() == pytest.approx(6, abs=1)
    # Mirrored, the bright pixel of column 24 starts from column 23.
    assert np.abs(x - 23.5).max() == pytest.approx(6.5, abs=1)


def test_augment_by_cubic_moves_keeps_what_linear_ones_blur(images: np.ndarray) -> None:
    turned = replace(STILL, rotation=15, zoom=0.15)
    cubic, linear = (
        changed(images, replace(turned, interpolation=way)) for way in ("cubic", "linear")
    )
    assert images.std() > cubic.std() > 1.1 * linear.std()


def test_augment_changes_light_within_its_bounds() -> None:
    grey = np.full((200, 48, 48), 128, np.uint8)
    level = changed(grey, replace(STILL, brightness=0.1)).mean((1, 2))
    assert level.min() == pytest.approx(128 - 25.5, abs=2)
    assert level.max() == pytest.approx(128 + 25.5, abs=2)
    # Contrast is about the mean, which stays.
    np.testing.assert_allclose(changed(grey, replace(STILL, contrast=0.5)), grey, atol=1)


def test_augment_erases_one_rectangle_of_bounded_size() -> None:
    grey = np.full((100, 48, 48), 128, np.uint8)
    result = changed(grey, replace(STILL, erasing=1.0))
    for image in result:
        rows, columns = np.nonzero(image != 128)
        area = (np.ptp(rows) + 1) * (np.ptp(columns) + 1) / image.size
        assert 0.01 < area < 0.25


def test_augment_degrades_some_images_each_in_one_of_several_ways() -> None:
    stripes = np.tile(np.repeat([40, 200], 4), (300, 48, 6)).astype(np.uint8)
    result = changed(stripes, replace(STILL, degradation=0.5))
    original = (result == stripes).all((1, 2)) | (result == stripes[:, :, ::-1]).all((1, 2))
    assert 0.4 < original.mean() < 0.6
    degraded = result[~original]
    darkened = degraded.max((1, 2)) < 130
    sharp = np.abs(np.diff(degraded.astype(int), axis=2)).max((1, 2)) > 140
    assert 0.1 < darkened.mean() < 0.3
    assert 0.1 < (~darkened & ~sharp).mean() < 0.6


def test_augment_can_give_smaller_images(images: np.ndarray) -> None:
    result = augment(images, STILL, np.random.default_rng(0), side=32)
    assert result.shape == (64, 32, 32)
    assert result.mean() == pytest.approx(images.mean(), abs=1)
