"""dlib's frontal face detector: HOG features and a linear SVM."""

import threading
from copy import copy
from functools import cache

import dlib
import numpy as np

from preprocessing.faces.face import Box, Face, at_detection_size, checked
from preprocessing.faces.landmarks import landmark_predictor, landmarks_in

NAME = "hog"

# The smallest face the HOG window finds without enlarging the picture; each doubling halves it.
WINDOW = 80

# At 0.0 / 0.1 / 0.2 / 0.3 / 0.4, with one doubling:
#   false alarms in 230 views without a face             2 /    0 /    0 /    0 /    0
#   false alarms in 200 worsened portraits              46 /   29 /   14 /    6 /    3
#   their faces found, turned by up to 15 degrees     96.5 / 94.5 / 87.5 / 79.5 / 76.5 %
#   faces of FER-2013 found, in views without one     77.5 / 74.2 / 70.8 / 66.7 / 62.9 %
# The alarms among the portraits are all on the astronaut's suit, mostly its two emblems; in her
# photograph as it is, at any size, they stay at or below 0.16 (mirrored 0.22) and her face above
# 0.66. From 0.2 to 0.3 many more faces are lost than alarms avoided.
SCORE_THRESHOLD = 0.2


@cache
def _frontal_face_detector() -> "dlib.fhog_object_detector":
    """dlib's detector, to be copied: building one takes 0.3 s, in which no other thread runs."""
    return dlib.get_frontal_face_detector()


class HogWindows:
    """dlib's detector itself, on a picture as it is.

    Safe to share between threads: dlib's detector keeps state while it runs and releases the GIL,
    so each thread has its own.
    """

    def __init__(self) -> None:
        self._of_thread = threading.local()
        # Now, and not while others wait for the first face.
        _frontal_face_detector()
        landmark_predictor()

    def find(self, grey: np.ndarray, doublings: int, threshold: float) -> list[tuple[Box, float]]:
        """Boxes and scores above a threshold.

        Args:
            grey: `(height, width)` uint8, contiguous.
            doublings: how often the picture is enlarged to twice its size.
            threshold: windows scoring less are left out.
        """
        if not hasattr(self._of_thread, "detector"):
            self._of_thread.detector = copy(_frontal_face_detector())
        rectangles, scores, _ = self._of_thread.detector.run(grey, doublings, threshold)
        found = zip(rectangles, scores, strict=True)
        return [
            ((float(r.left()), float(r.top()), float(r.width()), float(r.height())), float(score))
            for r, score in found
        ]


class HogDetector:
    """dlib's frontal face detector with a landmark for each face. Safe to share between threads.

    Args:
        min_face: the smallest face to find, in pixels of the picture scaled to a longer side of at
            most 1280. Below 80 the picture is doubled once, below 40 twice, at four times the cost
            each.
        threshold: faces scoring less are left out; sure finds score 1 to 3.
    """

    def __init__(self, min_face: int = 40, threshold: float = SCORE_THRESHOLD) -> None:
        self.min_face = checked(min_face)
        self.threshold = threshold
        self.doublings = int(np.ceil(np.log2(max(WINDOW / min_face, 1))))
        self._windows = HogWindows()

    def detect(self, grey: np.ndarray) -> list[Face]:
        """Finds the faces of a picture, as `Detector.detect` says."""
        grey = np.ascontiguousarray(grey)
        small, scale = at_detection_size(grey)
        faces = []
        for place, score in self._windows.find(small, self.doublings, self.threshold):
            x, y, width, height = (value / scale for value in place)
            box = (x, y, width, height)
            faces.append(Face(box, score, landmarks_in(grey, box), NAME))
        return sorted(faces, key=lambda face: face.box[0])
