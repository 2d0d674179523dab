"""Finds faces in a grey picture: one detector a file, the joined default, and the landmarks.

`python -m preprocessing.compare` measures the detectors side by side.
"""

from collections.abc import Callable

from preprocessing.faces import blazeface, cnn, haar, hog, joined
from preprocessing.faces.blazeface import BlazeFaceDetector, InvalidDetector
from preprocessing.faces.cnn import CnnDetector
from preprocessing.faces.face import DETECTION_SIDE, Detector, Face
from preprocessing.faces.haar import HaarDetector
from preprocessing.faces.hog import HogDetector
from preprocessing.faces.joined import JoinedDetector
from preprocessing.faces.landmarks import dlib_model, landmarks_in

__all__ = [
    "DEFAULT",
    "DETECTION_SIDE",
    "DETECTORS",
    "BlazeFaceDetector",
    "CnnDetector",
    "Detector",
    "Face",
    "HaarDetector",
    "HogDetector",
    "InvalidDetector",
    "JoinedDetector",
    "detector",
    "dlib_model",
    "landmarks_in",
]

DEFAULT = joined.NAME

DETECTORS: dict[str, Callable[[int], Detector]] = {
    joined.NAME: JoinedDetector,
    hog.NAME: HogDetector,
    blazeface.NAME: BlazeFaceDetector,
    cnn.NAME: CnnDetector,
    haar.NAME: HaarDetector,
}


def detector(name: str = DEFAULT, min_face: int = 40, second_look: bool = True) -> Detector:
    """Builds a detector by its name.

    Args:
        name: one of `DETECTORS`.
        min_face: the smallest face to find, in pixels of the picture scaled to a longer side of at
            most 1280.
        second_look: whether `JoinedDetector` searches a picture without a find again; the other
            detectors never do.

    Raises:
        ValueError: the name is unknown, or `min_face` is out of its range.
    """
    if name not in DETECTORS:
        raise ValueError(f"A detector is one of {', '.join(DETECTORS)}. Received: {name!r}")
    if name == joined.NAME:
        return JoinedDetector(min_face, second_look)
    return DETECTORS[name](min_face)
