"""dlib's five landmarks of a face; every face is aligned by them, whichever detector found it."""

import importlib.util
from functools import cache
from pathlib import Path

import cv2
import dlib
import numpy as np

from preprocessing.faces.face import Box
from preprocessing.reducing import reduced

# In degrees. dlib's model knows upright faces, so a face that leans further is turned upright first.
_LEANING = 15.0


@cache
def landmark_predictor() -> "dlib.shape_predictor":
    """dlib's 5-point landmark model (public domain), from the package face-recognition-models."""
    return dlib.shape_predictor(str(dlib_model("shape_predictor_5_face_landmarks.dat")))


def dlib_model(name: str) -> Path:
    """Where the package face-recognition-models keeps one of dlib's models.

    The package's `__init__` needs setuptools' pkg_resources, so this looks it up without importing it.
    """
    spec = importlib.util.find_spec("face_recognition_models")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("dlib's models are missing: pip install face-recognition-models==0.3.0")
    return Path(spec.submodule_search_locations[0]) / "models" / name


def landmarks_in(grey: np.ndarray, box: Box) -> np.ndarray:
    """The five landmarks of the upright face inside a box.

    Args:
        grey: `(height, width)` uint8.
        box: x, y, width, height in pixels of `grey`, as dlib's detector frames a face.

    Returns:
        `(5, 2)` float32 in pixels of `grey`.
    """
    x, y, width, height = (round(value) for value in box)
    rectangle = dlib.rectangle(x, y, x + width - 1, y + height - 1)
    points = landmark_predictor()(grey, rectangle).parts()
    return np.array([(point.x, point.y) for point in points], np.float32)


def landmarks_at_roll(grey: np.ndarray, box: Box, roll: float) -> np.ndarray:
    """The five landmarks of a face that may lean, lie on its side or stand on its head.

    Args:
        grey: `(height, width)` uint8.
        box: x, y, width, height as for `landmarks_in`, as if the face were upright.
        roll: the angle of the line through the eyes, in degrees clockwise.

    Returns:
        `(5, 2)` float32 in pixels of `grey`, in dlib's order.
    """
    if abs(roll) < _LEANING:
        return landmarks_in(grey, box)
    x, y, width, height = box
    side = min(400, max(48, round(2 * width)))
    upright, matrix = turned_upright(grey, (x + width / 2, y + height / 2), 2 * width, roll, side)
    points = landmarks_in(upright, (side / 4, side / 4, side / 2, side * height / width / 2))
    back = cv2.invertAffineTransform(matrix)
    return (points @ back[:, :2].T + back[:, 2]).astype(np.float32)


def turned_upright(
    grey: np.ndarray, middle: tuple[float, float], across: float, roll: float, side: int
) -> tuple[np.ndarray, np.ndarray]:
    """Cuts a square out of a picture, turned so that a leaning face stands upright.

    Args:
        grey: `(height, width)` uint8; beyond its edges, the edges are repeated.
        middle: x and y of the square's middle.
        across: the square's side in pixels of `grey`.
        roll: how far the face leans, in degrees clockwise.
        side: the square's side in pixels of the result.

    Returns:
        The square, `(side, side)` uint8, averaged over areas where it is reduced, and the `(2, 3)`
        matrix from pixels of `grey` to pixels of the result.
    """
    factor = min(16, max(1, round(across / side)))
    shrink = max(1, factor // 2)
    factor //= shrink
    matrix = cv2.getRotationMatrix2D(middle, roll, side * factor / across)
    matrix[:, 2] = matrix[:, 2] + side * factor / 2 - np.array(middle)
    # Sampling a large square finely takes 20 ms; reducing the picture first takes less than one.
    source = reduced(grey, 1 / shrink)
    to_source = matrix * (shrink, shrink, 1)
    to_source[:, 2] += matrix[:, :2].sum(1) * (shrink - 1) / 2
    fine = cv2.warpAffine(
        source,
        to_source,
        (side * factor,) * 2,
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    if factor > 1:
        fine = cv2.resize(fine, (side, side), interpolation=cv2.INTER_AREA)
    return fine, matrix / factor
