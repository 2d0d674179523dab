"""Makes pictures worse, so that training knows poor pictures and robustness can be measured.

All functions take a grey image, `(height, width)` uint8, and return one of the same shape.
"""

import cv2
import numpy as np


def darken(image: np.ndarray, share: float) -> np.ndarray:
    """Multiplies every grey level by a share, as with too little light."""
    return (image * share).astype(np.uint8)


def flatten(image: np.ndarray, share: float) -> np.ndarray:
    """Multiplies the distance of grey levels from their mean, as against the light or in fog."""
    mean = float(image.mean())
    return (mean + (image - mean) * share).astype(np.uint8)


def gamma(image: np.ndarray, exponent: float) -> np.ndarray:
    """Raises grey levels of 0 to 1 to a power; above 1, shadows get darker, below 1 lighter."""
    return np.round(255 * (image / 255) ** exponent).astype(np.uint8)


def blur(image: np.ndarray, sigma: float) -> np.ndarray:
    """Blurs an image by a Gaussian of sigma pixels."""
    return cv2.GaussianBlur(image, (0, 0), sigma)


def compress(image: np.ndarray, quality: int) -> np.ndarray:
    """Compresses an image as JPEG of a quality, and decodes it."""
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    assert decoded is not None
    return decoded


def add_noise(image: np.ndarray, sigma: float, rng: np.random.Generator) -> np.ndarray:
    """Adds Gaussian noise of sigma grey levels."""
    return np.clip(image + rng.normal(0, sigma, image.shape), 0, 255).astype(np.uint8)


def shrink(image: np.ndarray, side: int) -> np.ndarray:
    """Reduces an image to a side in pixels, and enlarges it again."""
    small = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, image.shape[::-1], interpolation=cv2.INTER_CUBIC)


def turn(image: np.ndarray, degrees: float) -> np.ndarray:
    """Turns an image about its middle, counter-clockwise."""
    middle = ((image.shape[1] - 1) / 2, (image.shape[0] - 1) / 2)
    matrix = cv2.getRotationMatrix2D(middle, degrees, 1)
    return cv2.warpAffine(image, matrix, image.shape[::-1], borderMode=cv2.BORDER_REPLICATE)


def cover(crop: np.ndarray, area: tuple[slice, slice]) -> np.ndarray:
    """Covers a part of an aligned crop with a grey rectangle."""
    covered = crop.copy()
    covered[area] = 128
    return covered
