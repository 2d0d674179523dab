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
    return averaged(pixels, max(1, round(width * scale)), max(1, round(height * scale)))


def reduced_to(pixels: np.ndarray, side: int) -> np.ndarray:
    """Reduces a picture's longer side to at most `side` pixels."""
    return reduced(pixels, side / max(pixels.shape[:2]))


def averaged(pixels: np.ndarray, width: int, height: int) -> np.ndarray:
    """Reduces a picture to a size by averaging over areas.

    OpenCV halves a picture eight times as fast as it reduces it by other factors, so large pictures are
    halved first. A last odd row or column is then left out.
    """
    while pixels.shape[0] >= 4 * height and pixels.shape[1] >= 4 * width:
        down, across = pixels.shape[0] // 2, pixels.shape[1] // 2
        even = pixels[: 2 * down, : 2 * across]
        pixels = cv2.resize(even, (across, down), interpolation=cv2.INTER_AREA)
    if pixels.shape[:2] == (height, width):
        return pixels
    return cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
