"""Changes a training image at random without changing its expression."""

import cv2
import numpy as np

from preprocessing.alignment import SIZE
from train_resnet.run import degradation
from train_resnet.run.recipe import Recipe

# An erased rectangle's share of the image, and the proportion of its sides:
# Zhong et al., "Random Erasing Data Augmentation" (AAAI 2020).
_ERASED_AREA = (0.02, 0.2)
_ERASED_ASPECT = (0.3, 1 / 0.3)
_CHANGES = (
    *("rotation", "zoom", "shift", "mirrored", "contrast", "brightness"),
    *("degradation", "erasing"),
)
_INTERPOLATIONS = {"linear": cv2.INTER_LINEAR, "cubic": cv2.INTER_CUBIC}


def augment(
    images: np.ndarray, recipe: Recipe, rng: np.random.Generator, side: int | None = None
) -> np.ndarray:
    """Turns, scales, shifts, mirrors, relights and partly erases each image at random.

    Args:
        images: `(n, height, width)` uint8.
        recipe: the extent of each change.
        rng: draws the changes.
        side: the side of the results in pixels; None keeps that of the images.

    Returns:
        `(n, height, width)` uint8.
    """
    if side is not None:
        images = resize(images, side)
    if not any(getattr(recipe, change) for change in _CHANGES):
        return images
    return np.stack([_augment_one(image, recipe, rng) for image in images])


def resize(images: np.ndarray, side: int) -> np.ndarray:
    """Resizes images, `(n, height, width)` uint8, to a side in pixels, by averaging areas."""
    size, area = (side, side), cv2.INTER_AREA
    return np.stack([cv2.resize(image, size, interpolation=area) for image in images])


def _augment_one(image: np.ndarray, recipe: Recipe, rng: np.random.Generator) -> np.ndarray:
    height, width = image.shape
    angle, zoom, right, down = rng.uniform(-1, 1, 4)
    matrix = cv2.getRotationMatrix2D(
        ((width - 1) / 2, (height - 1) / 2), angle * recipe.rotation, 1 + zoom * recipe.zoom
    )
    matrix[:, 2] += (right * recipe.shift * width, down * recipe.shift * height)
    if rng.random() < recipe.mirrored:
        # x becomes width - 1 - x, before the turn.
        matrix[:, 2] += matrix[:, 0] * (width - 1)
        matrix[:, 0] *= -1
    changed = cv2.warpAffine(
        image,
        matrix,
        (width, height),
        flags=_INTERPOLATIONS[recipe.interpolation],
        borderMode=cv2.BORDER_REPLICATE,
    )
    contrast, brightness = rng.uniform(-1, 1, 2)
    gain = 1 + contrast * recipe.contrast
    # The contrast changes about the image's mean, so the brightness stays.
    offset = float(changed.mean()) * (1 - gain) + brightness * recipe.brightness * 255
    changed = np.clip(changed * np.float32(gain) + np.float32(offset), 0, 255).astype(np.uint8)
    if rng.random() < recipe.degradation:
        changed = _degrade(changed, rng)
    if rng.random() < recipe.erasing:
        _erase(changed, rng)
    return changed


def _degrade(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Makes an image poor in one of the ways in which photographs are poor and FER-2013 is not."""
    side = image.shape[0]
    match rng.integers(6):
        case 0:
            return degradation.darken(image, rng.uniform(0.1, 0.6))
        case 1:
            return degradation.gamma(image, np.exp(rng.uniform(*np.log((0.4, 2.5)))))
        case 2:
            return degradation.blur(image, rng.uniform(0.5, 2) * side / SIZE)
        case 3:
            return degradation.compress(image, int(rng.integers(8, 50)))
        case 4:
            return degradation.add_noise(image, rng.uniform(5, 25), rng)
        case _:
            return degradation.shrink(image, round(rng.uniform(0.33, 0.67) * side))


def _erase(image: np.ndarray, rng: np.random.Generator) -> None:
    height, width = image.shape
    area = rng.uniform(*_ERASED_AREA) * height * width
    aspect = np.exp(rng.uniform(*np.log(_ERASED_ASPECT)))
    tall = min(height, max(1, round(float(np.sqrt(area * aspect)))))
    wide = min(width, max(1, round(float(np.sqrt(area / aspect)))))
    top, left = rng.integers(height - tall + 1), rng.integers(width - wide + 1)
    image[top : top + tall, left : left + wide] = rng.integers(0, 256, (tall, wide), np.uint8)
