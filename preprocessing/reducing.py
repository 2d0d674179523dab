"""Reduces pictures."""

import cv2
import numpy as np


def reduced(pixels: np.ndarray, scale: float) -> np.ndarray:
    """Reduces a picture by averaging over areas; returns it unchanged if `scale` is 1 or more.

    Args:
        pixels: `(height, width)` or `(height, width, 3)` uint8.
        scale: the new width divided by the old width.
    """
    if scale >= 1:
        return pixels
    height, width = pixels.shape[:2]
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


def reduced_to(pixels: np.ndarray, side: int) -> np.ndarray:
    """Reduces a picture's longer side to at most `side` pixels."""
    return reduced(pixels, side / max(pixels.shape[:2]))
