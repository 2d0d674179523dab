"""dlib's frontal face detector: HOG features and a linear SVM."""

import threading
from copy import copy
from functools import cache

import dlib
import numpy as np

from preprocessing.faces.face import Box, Face, at_detection_size, checked_min_face
from preprocessing.faces.landmarks import landmark_predictor, landmarks_in

NAME = "hog"

# The smallest face, in pixels, that the HOG window finds; each doubling of the picture halves it.
WINDOW = 80

# What thresholds of 0.0 / 0.1 / 0.2 / 0.3 / 0.4 give, with one doubling:
#   false alarms in 230 views without a face             2 /    0 /    0 /    0 /    0
#   false alarms in 200 worsened portraits              46 /   29 /   14 /    6 /    3
#   their faces found, turned by up to 15 degrees     96.5 / 94.5 / 87.5 / 79.5 / 76.5 %
#   faces of FER-2013 found, in views without one     77.5 / 74.2 / 70.8 / 66.7 / 62.9 %
# All alarms among the portraits are on the astronaut's suit, mostly on its two emblems. In her
# unchanged photograph, at any size, they score at most 0.16 (mirrored: 0.22), and her face scores
# above 0.66. Raising the threshold from 0.2 to 0.3 loses many more faces than it avoids alarms.
SCORE_THRESHOLD = 0.2


@cache
def _frontal_face_detector() -> "dlib.fhog_object_detector":
    """dlib's detector, for copying: building one takes 0.3 s and blocks all other threads."""
    return dlib.get_frontal_face_detector()


class HogWindows:
    """dlib's bare detector, without scaling and landmarks.

    Threads may share one: dlib's detector keeps state while it runs and releases the GIL, so each
    thread gets its own copy.
    """

    def __init__(self) -> None:
        self._local = threading.local()
        # Loaded here, so that the first picture does not wait for it.
        _frontal_face_detector()
        landmark_predictor()

    def find(self, grey: np.ndarray, doublings: int, threshold: float) -> list[tuple[Box, float]]:
        """Finds boxes with scores above a threshold.

        Args:
            grey: `(height, width)` uint8, contiguous.
            doublings: how many times the picture's size is doubled first.
            threshold: the lowest score to report.
        """
        if not hasattr(self._local, "detector"):
            self._local.detector = copy(_frontal_face_detector())
        rectangles, scores, _ = self._local.detector.run(grey, doublings, threshold)
        found = zip(rectangles, scores, strict=True)
        return [
            ((float(r.left()), float(r.top()), float(r.width()), float(r.height())), float(score))
            for r, score in found
        ]


class HogDetector:
    """dlib's frontal face detector with five landmarks for each face. Threads may share one.

    Args:
        min_face: the smallest face to find, in pixels of the picture scaled to a longer side of at
            most 1280. Below 80 the picture is doubled once, below 40 twice; each doubling costs four
            times as much.
        threshold: the lowest score to report; clear faces score 1 to 3.
    """

    def __init__(self, min_face: int = 40, threshold: float = SCORE_THRESHOLD) -> None:
        self.min_face = checked_min_face(min_face)
        self.threshold = threshold
        self.doublings = int(np.ceil(np.log2(max(WINDOW / min_face, 1))))
        self._windows = HogWindows()

    def detect(self, grey: np.ndarray) -> list[Face]:
        """Finds the faces of a picture, as `Detector.detect` says."""
        grey = np.ascontiguousarray(grey)
        small, scale = at_detection_size(grey)
        faces = []
        for window, score in self._windows.find(small, self.doublings, self.threshold):
            x, y, width, height = (value / scale for value in window)
            box = (x, y, width, height)
            faces.append(Face(box, score, landmarks_in(grey, box), NAME))
        return sorted(faces, key=lambda face: face.box[0])
