"""The default detector: BlazeFace proposes candidates; BlazeFace and dlib's HOG verify each."""

import numpy as np

from preprocessing.faces import blazeface
from preprocessing.faces.blazeface import (
    Detection,
    Network,
    View,
    same_face,
    tiles,
    view_around,
    whole_view,
)
from preprocessing.faces.face import Box, Face, at_detection_size, checked_min_face
from preprocessing.faces.hog import HogWindows
from preprocessing.faces.landmarks import landmarks_at_roll
from preprocessing.faces.verifying import (
    CANDIDATE,
    LEANING,
    RIVAL,
    TURNED_THRESHOLD,
    Verified,
    Verifier,
    non_maximum_suppression,
    turned_back,
)
from preprocessing.reducing import reduced

NAME = "hog+blazeface"

# HOG searches a whole picture reduced to this many pixels, in about 10 ms, for scores above this.
_HOG_PIXELS = 190_000
_HOG_CANDIDATE = -0.4

# Faces narrower than `_SMALL` of a view are small. Where small faces stand side by side, the full range
# misses most of them. So it also searches closer views around small faces, with `_CLOSER` of that side,
# until these show `_REACH` face widths on each side of every small face. Of 876 faces that touch each
# other (`preprocessing.compare`) it finds 828 so, and 479 without. The numbers of rounds and of views
# only bound the time: 400 faces of 40 px that touch each other take 10 rounds and 5 s.
_SMALL, _CLOSER, _REACH = 28 / 192, 0.6, 1.5
_MOST_ROUNDS, _MOST_CLOSER = 10, 300

_UPRIGHT = np.array([(0.0, 0.0), (1.0, 0.0)])


class JoinedDetector:
    """BlazeFace finds candidates; BlazeFace and dlib's HOG detector verify each in a closer view.

    Threads may share one.

    Args:
        min_face: the smallest face to find, in pixels of the picture scaled to a longer side of at
            most 1280.
        second_look: whether to search a picture again if no face, or no sure face, is found: with
            HOG, closer, turned by right angles, and with a lower threshold. Too slow for video.

    Raises:
        InvalidDetector: a file of BlazeFace is missing or damaged.
    """

    def __init__(self, min_face: int = 40, second_look: bool = True) -> None:
        self.min_face = checked_min_face(min_face)
        self.second_look = second_look
        self._short, self._full = Network("blazeface-short"), Network("blazeface-full")
        self._windows = HogWindows()
        self._verifier = Verifier(self._short, self._windows)

    def detect(self, grey: np.ndarray) -> list[Face]:
        """Finds the faces of a picture, as `Detector.detect` says."""
        grey = np.ascontiguousarray(grey)
        small, scale = at_detection_size(grey)
        views = tiles(small.shape, self.min_face)
        verified = self._verifier.verify(small, *self._candidates(small, views))
        verified = self._look_beside_small_faces(small, verified, views[0].side)
        found = [each for each in verified if each.is_face]
        if self.second_look and not any(each.score > TURNED_THRESHOLD for each in found):
            found = self._take_second_look(small, verified, found)
        faces = [_face(grey, each, scale) for each in found]
        return sorted(faces, key=lambda face: face.box[0])

    def _candidates(
        self, small: np.ndarray, views: list[View]
    ) -> tuple[list[Detection], list[Detection]]:
        """The short range's detections in the bordered picture, and the full range's in views."""
        bordered = self._short.detect(small, whole_view(small.shape, blazeface.BORDER), CANDIDATE)
        return bordered, self._detect_in_views(small, views)

    def _detect_in_views(self, small: np.ndarray, views: list[View]) -> list[Detection]:
        """The full range's detections in these views."""
        return [found for view in views for found in self._full.detect(small, view, CANDIDATE)]

    def _look_beside_small_faces(
        self, small: np.ndarray, verified: list[Verified], side: float
    ) -> list[Verified]:
        """Searches closer views around small faces, and around those that it finds there.

        Args:
            small: the picture that detectors see.
            verified: the candidates so far.
            side: the side of the views in which they were found, in pixels.
        """
        looked: list[View] = []
        for _ in range(_MOST_ROUNDS):
            found = [each.box for each in verified if each.is_face]
            closer: list[View] = []
            for box in found:
                around = _surroundings(box, small.shape)
                if box[2] < _SMALL * side and not any(
                    view.shows(*around) for view in looked + closer
                ):
                    closer.append(view_around(small.shape, box, _CLOSER * side))
            closer = closer[: _MOST_CLOSER - len(looked)]
            if not closer:
                break
            looked += closer
            others = [
                detection
                for detection in self._detect_in_views(small, closer)
                if not any(same_face(detection.box, box) for box in found)
            ]
            verified = non_maximum_suppression(verified + self._verifier.verify(small, [], others))
        return verified

    def _hog_detections(self, small: np.ndarray) -> list[Detection]:
        """HOG's detections in the whole picture, reduced so that HOG takes 10 ms."""
        scale = min(1.0, (_HOG_PIXELS / small.size) ** 0.5)
        windows = self._windows.find(reduced(small, scale), 0, _HOG_CANDIDATE)
        return [
            Detection((x / scale, y / scale, width / scale, height / scale), 0.0, _UPRIGHT)
            for (x, y, width, height), _ in windows
        ]

    def _take_second_look(
        self, small: np.ndarray, verified: list[Verified], found: list[Verified]
    ) -> list[Verified]:
        """Searches again after a search that found no face, or no sure one.

        If there is none, HOG reads the whole picture, and the full range sees it in closer views, which
        shows it small faces that it missed: 29 more of 240 pasted into views, and no false alarm more.
        A face that is upside down scores a little as it is, and much more in a turned picture.
        """
        if not found:
            finer = tiles(small.shape, round(_CLOSER * self.min_face))
            others = self._hog_detections(small) + self._detect_in_views(small, finer)
            more = self._verifier.verify(small, [], others)
            verified = non_maximum_suppression(verified + more)
            found = [each for each in verified if each.is_face]
        best: list[Verified] = []
        for turns in (1, 2, 3):
            turned = np.ascontiguousarray(np.rot90(small, -turns))
            candidates = self._candidates(turned, [whole_view(turned.shape)])
            sure = [
                each
                for each in self._verifier.verify(turned, *candidates)
                if each.score > TURNED_THRESHOLD and abs(each.roll) < LEANING
            ]
            if sure and (not best or sure[0].score > best[0].score):
                best = [turned_back(each, turns, small.shape) for each in sure]
        if best and not any(each.score > best[0].score for each in found):
            return best
        if found:
            return found
        rivals = [each for each in verified if each.score > RIVAL]
        return rivals if len(rivals) == 1 and rivals[0].is_clear else []


def _surroundings(box: Box, shape: tuple[int, int]) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of `_REACH` widths around a face, as far as the picture goes."""
    x, y, width, height = box
    reach = _REACH * width
    right, bottom = min(x + width + reach, shape[1]), min(y + height + reach, shape[0])
    return max(0.0, x - reach), max(0.0, y - reach), right, bottom


def _face(grey: np.ndarray, verified: Verified, scale: float) -> Face:
    """The face with its landmarks, in pixels of the original picture."""
    x, y, width, height = (value / scale for value in verified.box)
    box = (x, y, width, height)
    detected_by = NAME if verified.hog > 0 else blazeface.NAME
    turned = round(-verified.roll / 90) * 90 % 360
    landmarks = landmarks_at_roll(grey, box, verified.roll)
    return Face(box, verified.score, landmarks, detected_by, turned)
