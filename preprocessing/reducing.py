"""Pictures made smaller."""

import cv2
import numpy as np


def reduced(pixels: np.ndarray, scale: float) -> np.ndarray:
    """A picture made smaller by averaging over areas; as it is where `scale` is 1 or more.

    Args:
        pixels: `(height, width)` or `(height, width, 3)` uint8.
        scale: the new width per old width.
    """
    if scale >= 1:
        return pixels
    height, width = pixels.shape[:2]
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


def reduced_to(pixels: np.ndarray, side: int) -> np.ndarray:
    """A picture with its longer side at most `side` pixels long."""
    return reduced(pixels, side / max(pixels.shape[:2]))
