"""Faces in a grey picture: dlib's HOG detector and its 5-point landmarks."""

import importlib.util
import threading
from copy import copy
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import dlib
import numpy as np

# The detector sees the picture with its longer side reduced to this; `min_face` counts in these pixels.
DETECTION_SIDE = 1280

# The smallest face the HOG window finds without enlarging the picture; each doubling halves it.
_HOG_WINDOW = 80

# Chosen with `python -m preprocessing.threshold --data fer2013.csv.gz`. At 0.0 / 0.1 / 0.2 / 0.3 / 0.4:
#   false alarms in 230 views without a face             2 /    0 /    0 /    0 /    0
#   false alarms in 200 worsened portraits              46 /   29 /   14 /    6 /    3
#   their faces found, turned by up to 15 degrees     96.5 / 94.5 / 87.5 / 79.5 / 76.5 %
#   faces of FER-2013 found, in views without one     77.5 / 74.2 / 70.8 / 66.7 / 62.9 %
# The alarms among the portraits are all on the astronaut's suit, mostly its two emblems; in her
# photograph as it is, at any size, they stay at or below 0.16 (mirrored 0.22) and her face above
# 0.66. From 0.2 to 0.3 many more faces are lost than alarms avoided.
SCORE_THRESHOLD = 0.2


@dataclass(frozen=True)
class Face:
    """A face found in a picture; all coordinates in pixels of that picture.

    Attributes:
        box: x, y, width and height of the detector's rectangle; it may reach past the edges.
        score: the detector's score, above its threshold; sure finds score 1 to 3.
        landmarks: `(5, 2)` float32, in dlib's order.
    """

    box: tuple[float, float, float, float]
    score: float
    landmarks: np.ndarray


@cache
def landmark_predictor() -> "dlib.shape_predictor":
    """dlib's 5-point landmark model (public domain), from the package face-recognition-models."""
    return dlib.shape_predictor(str(dlib_model("shape_predictor_5_face_landmarks.dat")))


def dlib_model(name: str) -> Path:
    """Where the package face-recognition-models keeps one of dlib's models.

    Its own `__init__` needs setuptools' pkg_resources, so it is found, not imported.
    """
    spec = importlib.util.find_spec("face_recognition_models")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("dlib's models are missing: pip install face-recognition-models==0.3.0")
    return Path(spec.submodule_search_locations[0]) / "models" / name


def landmarks_in(grey: np.ndarray, box: tuple[float, float, float, float]) -> np.ndarray:
    """The five landmarks of the face inside a box.

    Args:
        grey: `(height, width)` uint8.
        box: x, y, width, height in pixels of `grey`.

    Returns:
        `(5, 2)` float32 in pixels of `grey`.
    """
    x, y, width, height = (round(value) for value in box)
    rectangle = dlib.rectangle(x, y, x + width - 1, y + height - 1)
    points = landmark_predictor()(grey, rectangle).parts()
    return np.array([(point.x, point.y) for point in points], np.float32)


@cache
def _frontal_face_detector() -> "dlib.fhog_object_detector":
    """dlib's detector, to be copied: building one takes 0.3 s, in which no other thread runs."""
    return dlib.get_frontal_face_detector()


class HogDetector:
    """dlib's frontal face detector (HOG features and a linear SVM) with a landmark for each face.

    Safe to share between threads: dlib's detector keeps state while it runs and releases the GIL,
    so each thread has its own.

    Args:
        min_face: the smallest face to find, in pixels of the picture scaled to a longer side of at
            most 1280. Below 80 the picture is doubled once, below 40 twice, at four times the cost
            each.
        threshold: faces scoring less are left out.
    """

    def __init__(self, min_face: int = 40, threshold: float = SCORE_THRESHOLD) -> None:
        if not 20 <= min_face <= DETECTION_SIDE:
            raise ValueError(f"min_face is 20 to {DETECTION_SIDE} pixels. Received: {min_face}")
        self.min_face = min_face
        self.threshold = threshold
        self.doublings = int(np.ceil(np.log2(max(_HOG_WINDOW / min_face, 1))))
        self._of_thread = threading.local()
        # Now, and not while others wait for the first face.
        _frontal_face_detector()
        landmark_predictor()

    def detect(self, grey: np.ndarray) -> list[Face]:
        """Finds the faces of a picture.

        Args:
            grey: `(height, width)` uint8.

        Returns:
            The faces from left to right; empty where there is none.
        """
        grey = np.ascontiguousarray(grey)  # dlib misreads other arrays and finds nothing in them.
        height, width = grey.shape
        scale = min(1.0, DETECTION_SIDE / max(height, width))
        small = grey
        if scale < 1:
            size = (max(1, round(width * scale)), max(1, round(height * scale)))
            small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
        if not hasattr(self._of_thread, "detector"):
            self._of_thread.detector = copy(_frontal_face_detector())
        rectangles, scores, _ = self._of_thread.detector.run(small, self.doublings, self.threshold)
        faces = []
        for rectangle, score in zip(rectangles, scores, strict=True):
            corner = (rectangle.left(), rectangle.top())
            extent = (rectangle.width(), rectangle.height())
            box = tuple(float(value) / scale for value in corner + extent)
            faces.append(Face(box, float(score), landmarks_in(grey, box)))
        return sorted(faces, key=lambda face: face.box[0])


DETECTORS = {"hog": HogDetector}
