"""What every detector gives, and the picture that every detector looks at."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from preprocessing.reducing import reduced

# Detectors see the picture with its longer side reduced to this; `min_face` counts in these pixels.
DETECTION_SIDE = 1280

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Face:
    """A face found in a picture; all coordinates in pixels of that picture.

    Attributes:
        box: x, y, width and height, as dlib's detector frames a face; it may reach past the edges.
        score: the detector's; it compares with scores of the same `detected_by` alone.
        landmarks: `(5, 2)` float32, in dlib's order.
        detected_by: which detector saw it.
        turned: degrees clockwise by which the picture was turned to find it: 0, 90, 180 or 270.
    """

    box: Box
    score: float
    landmarks: np.ndarray
    detected_by: str
    turned: int = 0


class Detector(Protocol):
    """Finds faces; safe to share between threads."""

    min_face: int

    def detect(self, grey: np.ndarray) -> list[Face]:
        """Finds the faces of a picture.

        Args:
            grey: `(height, width)` uint8.

        Returns:
            The faces from left to right; empty where there is none.
        """
        ...


def checked(min_face: int) -> int:
    """`min_face`, where it is in its range; else a `ValueError`."""
    if not 20 <= min_face <= DETECTION_SIDE:
        raise ValueError(f"min_face is 20 to {DETECTION_SIDE} pixels. Received: {min_face}")
    return min_face


def at_detection_size(grey: np.ndarray) -> tuple[np.ndarray, float]:
    """The picture with a longer side of at most 1280, and its width per old width, 1 or less.

    Contiguous: dlib misreads other arrays and finds nothing in them.
    """
    scale = min(1.0, DETECTION_SIDE / max(grey.shape))
    return reduced(np.ascontiguousarray(grey), scale), scale
