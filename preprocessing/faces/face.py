"""What every detector returns, and the scaled picture that every detector sees."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from preprocessing.reducing import reduced

# Detectors see the picture with its longer side reduced to this; `min_face` is in these pixels.
DETECTION_SIDE = 1280

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Face:
    """A face found in a picture; all coordinates are in pixels of that picture.

    Attributes:
        box: x, y, width and height, as dlib's detector frames a face; it may reach past the edges.
        score: the detector's score; compare it only with scores of the same `detected_by`.
        landmarks: `(5, 2)` float32, in dlib's order.
        detected_by: the name of the detector that found it.
        turned: degrees clockwise by which the picture was turned to find it: 0, 90, 180 or 270.
    """

    box: Box
    score: float
    landmarks: np.ndarray
    detected_by: str
    turned: int = 0


class Detector(Protocol):
    """Finds faces; threads may share one."""

    min_face: int

    def detect(self, grey: np.ndarray) -> list[Face]:
        """Finds the faces of a picture.

        Args:
            grey: `(height, width)` uint8.

        Returns:
            The faces from left to right; an empty list if there is none.
        """
        ...


def checked_min_face(min_face: int) -> int:
    """Returns `min_face` if it is in its range; raises a `ValueError` if not."""
    if not 20 <= min_face <= DETECTION_SIDE:
        raise ValueError(f"min_face is 20 to {DETECTION_SIDE} pixels. Received: {min_face}")
    return min_face


def at_detection_size(grey: np.ndarray) -> tuple[np.ndarray, float]:
    """Reduces a picture's longer side to at most 1280; returns it and the scale, 1 or less.

    The result is contiguous: dlib misreads other arrays and finds nothing in them.
    """
    scale = min(1.0, DETECTION_SIDE / max(grey.shape))
    return reduced(np.ascontiguousarray(grey), scale), scale
