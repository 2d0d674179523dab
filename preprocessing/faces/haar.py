"""OpenCV's cascade of Haar features, kept for comparison: many other demos use it."""

import threading
from pathlib import Path

import cv2
import numpy as np

from preprocessing.faces.face import Face, at_detection_size, checked_min_face
from preprocessing.faces.landmarks import landmark_predictor, landmarks_in

NAME = "haar"

_STEP, _NEIGHBOURS = 1.1, 5


class HaarDetector:
    """OpenCV's frontal cascade (Viola and Jones, 2001) with dlib's landmarks.

    Threads may share one: each thread gets its own cascade.

    Args:
        min_face: the smallest face to find, in pixels of the picture scaled to a longer side of at
            most 1280.
    """

    def __init__(self, min_face: int = 40) -> None:
        self.min_face = checked_min_face(min_face)
        self._path = Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_default.xml"
        if not self._path.exists():
            raise RuntimeError(
                f"{self._path} is missing: pip install opencv-python-headless==4.14.0.94"
            )
        self._local = threading.local()
        landmark_predictor()

    def detect(self, grey: np.ndarray) -> list[Face]:
        """Finds the faces of a picture, as `Detector.detect` says."""
        grey = np.ascontiguousarray(grey)
        small, scale = at_detection_size(grey)
        if not hasattr(self._local, "cascade"):
            self._local.cascade = cv2.CascadeClassifier(str(self._path))
        smallest = (self.min_face, self.min_face)
        # The score is the last stage's weight; only `detectMultiScale3` returns it.
        boxes, _, weights = self._local.cascade.detectMultiScale3(
            small, _STEP, _NEIGHBOURS, minSize=smallest, outputRejectLevels=True
        )
        faces = []
        for box_found, weight in zip(boxes, weights, strict=True):
            x, y, width, height = (float(value) / scale for value in box_found)
            box = (x, y, width, height)
            faces.append(Face(box, float(weight), landmarks_in(grey, box), NAME))
        return sorted(faces, key=lambda face: face.box[0])
