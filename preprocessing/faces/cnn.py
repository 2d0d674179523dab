"""dlib's convolutional detector (max-margin object detection), kept for comparison: it is slow on a CPU."""

import threading
from functools import cache

import cv2
import dlib
import numpy as np

from preprocessing.faces.face import Face, at_detection_size, checked_min_face
from preprocessing.faces.landmarks import dlib_model, landmark_predictor, landmarks_in

NAME = "cnn"

# The smallest face it finds, in pixels; doubling the picture halves that. A second doubling would take
# 20 s a picture.
_WINDOW = 80


@cache
def _network() -> "dlib.cnn_face_detection_model_v1":
    path = dlib_model("mmod_human_face_detector.dat")
    if not path.exists():
        raise RuntimeError(f"{path} is missing: pip install face-recognition-models==0.3.0")
    return dlib.cnn_face_detection_model_v1(str(path))


class CnnDetector:
    """dlib's mmod network (King, "Max-Margin Object Detection", 2015) with dlib's landmarks.

    Threads may share one: they take turns.

    Args:
        min_face: the smallest face to find, in pixels of the picture scaled to a longer side of at
            most 1280. Below 80 the picture is doubled once.
    """

    def __init__(self, min_face: int = 40) -> None:
        self.min_face = checked_min_face(min_face)
        self.doublings = int(min_face < _WINDOW)
        self._lock = threading.Lock()
        _network()
        landmark_predictor()

    def detect(self, grey: np.ndarray) -> list[Face]:
        """Finds the faces of a picture, as `Detector.detect` says."""
        grey = np.ascontiguousarray(grey)
        small, scale = at_detection_size(grey)
        with self._lock:
            found = list(_network()(cv2.cvtColor(small, cv2.COLOR_GRAY2RGB), self.doublings))
        faces = []
        for each in found:
            x, y, width, height = (
                value / scale
                for value in (
                    each.rect.left(),
                    each.rect.top(),
                    each.rect.width(),
                    each.rect.height(),
                )
            )
            box = (x, y, width, height)
            faces.append(Face(box, float(each.confidence), landmarks_in(grey, box), NAME))
        return sorted(faces, key=lambda face: face.box[0])
