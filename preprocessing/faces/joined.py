"""The default: BlazeFace and dlib's HOG detector together, each where it is good."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from preprocessing.faces import blazeface
from preprocessing.faces.blazeface import (
    Network,
    Sight,
    View,
    quarters,
    same_place,
    tiles,
    whole,
)
from preprocessing.faces.face import Box, Face, at_detection_size, checked
from preprocessing.faces.hog import HogWindows
from preprocessing.faces.landmarks import landmarks_of, turned_upright
from preprocessing.reducing import reduced

NAME = "hog+blazeface"

# What may be a face, from 0 to 1, and is looked at closely, the surest of them first.
_CANDIDATE = 0.2
_MOST_CANDIDATES = 400

# A candidate is a face when the sum of what is seen of it, see `_Judged.score`, is above this.
# Chosen with `python -m preprocessing.compare` on 250 pictures and views without a face and 100 faces
# of FER-2013 with a border. At 0.58 / 0.66 / 0.72 / 1.05, without a second look:
#   pictures and views without a face in which one is found      4 /    2 /    1 /    0
#   faces of FER-2013 found                                     95 /   94 /   94 /   85 %
# The last false alarm is a blurred clock.
SCORE_THRESHOLD = 0.72

# In a picture turned by a right angle, where three more looks have three more chances to be wrong, and
# for a face that lies on its side in an upright one: beside a blurred clock (1.12) the surest mistake
# scores 0.93.
TURNED_THRESHOLD = 0.95
_LEANING = 45.0

# Where nothing else is found: one upright candidate that looks like a face from near, though not to
# HOG (half covered, at the edge, from the side), and is the only one above `_RIVAL`. Coins and other
# patterns have several that are alike (0.70, 0.49, 0.41, ...); beside the 15 of 1,354 faces that this
# finds, nothing else scores above 0.2.
LOW_THRESHOLD = 0.5
_CLEAR, _CLEAR_ROLL, _RIVAL = 0.65, 20.0, 0.3

# How much a point of HOG's score counts beside one of BlazeFace's.
_HOG_SHARE = 0.67
_HOG_LOWEST = -1.0

# What is less to BlazeFace alone, no word of HOG's has ever made a face of.
_HOPELESS = 0.6

# HOG's look at a whole picture: so many pixels take it about 10 ms.
_HOG_PIXELS = 190_000
_HOG_CANDIDATE = -0.4

# A closer look: its side in widths of the face, and in pixels of what HOG is shown.
_CLOSE, _CLOSE_HOG, _HOG_SIDE = 1.6, 2.0, 192


# Where faces of less than so much of a view stand side by side, the full range sees a few of them: of
# 180 of 40 px that touch each other 10, and 153 when each view that shows some is looked at in parts.
_SMALL = 22 / 192

_UPRIGHT = np.array([(0.0, 0.0), (1.0, 0.0)])


@dataclass(frozen=True)
class _Judged:
    """What a closer look says of a candidate.

    Attributes:
        box: in pixels of the picture that detectors see.
        roll: how far it leans, in degrees clockwise, from -180 to 180.
        far: what BlazeFace's short range says of it in the whole picture with its border repeated,
            0 to 1; heads that fill the picture are likely.
        near: what it says of it enlarged and turned upright, 0 to 1.
        hog: what dlib's HOG detector says of that, from -1 for nothing like a face to about 2.
    """

    box: Box
    roll: float
    far: float
    near: float
    hog: float

    @property
    def score(self) -> float:
        """The sum of what is seen; the shares are those of a logistic regression, rounded."""
        return self.far + self.near + _HOG_SHARE * self.hog

    @property
    def is_face(self) -> bool:
        """Whether that is enough: of what lies on its side or stands on its head, more is asked."""
        leans = abs(self.roll) > _LEANING
        return self.score > (TURNED_THRESHOLD if leans else SCORE_THRESHOLD)

    @property
    def is_clear(self) -> bool:
        """Whether that is enough where nothing else in the picture may be a face."""
        upright = abs(self.roll) < _CLEAR_ROLL
        return upright and self.score > LOW_THRESHOLD and self.near > _CLEAR


class JoinedDetector:
    """BlazeFace finds candidates, and BlazeFace and dlib's HOG detector look at each closely.

    Args:
        min_face: the smallest face to find, in pixels of the picture scaled to a longer side of at
            most 1280.
        second_look: whether a picture in which nothing is found is looked at again, by HOG, turned,
            and with a lower threshold; not for pictures that follow each other.

    Raises:
        InvalidDetector: a file of BlazeFace is missing or damaged.
    """

    def __init__(self, min_face: int = 40, second_look: bool = True) -> None:
        self.min_face = checked(min_face)
        self.second_look = second_look
        self._short, self._full = Network("blazeface-short"), Network("blazeface-full")
        self._windows = HogWindows()

    def detect(self, grey: np.ndarray) -> list[Face]:
        """Finds the faces of a picture, as `Detector.detect` says."""
        grey = np.ascontiguousarray(grey)
        small, scale = at_detection_size(grey)
        views = tiles(small.shape, self.min_face)
        judged = self._judge(small, *self._candidates(small, views))
        found = [each for each in judged if each.is_face]
        crowded = [view for view in views if any(_is_small_in(each, view) for each in found)]
        if crowded:
            parts = [part for view in crowded for part in quarters(view)]
            judged = _each_once(judged + self._judge(small, [], self._look(small, parts)))
            found = [each for each in judged if each.is_face]
        if self.second_look and not any(each.score > TURNED_THRESHOLD for each in found):
            found = self._again(small, judged, found)
        faces = [_face(grey, each, scale) for each in found]
        return sorted(faces, key=lambda face: face.box[0])

    def _candidates(self, small: np.ndarray, views: list[View]) -> tuple[list[Sight], list[Sight]]:
        """What may be faces: of the short range with the border repeated, and of the others."""
        bordered = self._short.look(small, whole(small.shape, blazeface.BORDER), _CANDIDATE)
        return bordered, self._look(small, views)

    def _look(self, small: np.ndarray, views: list[View]) -> list[Sight]:
        """What the full range takes for faces in some views."""
        return [s for view in views for s in self._full.look(small, view, _CANDIDATE)]

    def _hog_sights(self, small: np.ndarray) -> list[Sight]:
        """What HOG alone takes for faces in a whole picture, at a size that takes it 10 ms."""
        shrunk = min(1.0, (_HOG_PIXELS / small.size) ** 0.5)
        sights = []
        for (x, y, width, height), _ in self._windows.find(
            reduced(small, shrunk), 0, _HOG_CANDIDATE
        ):
            box = (x / shrunk, y / shrunk, width / shrunk, height / shrunk)
            sights.append(Sight(box, 0.0, _UPRIGHT))
        return sights

    def _judge(
        self, small: np.ndarray, bordered: list[Sight], others: list[Sight]
    ) -> list[_Judged]:
        """Looks at each candidate closely; the surest first, and each place once."""
        places: list[list[Sight]] = []
        for sight in sorted(bordered + others, key=lambda sight: -sight.score):
            for place in places:
                if same_place(place[0].box, sight.box):
                    place.append(sight)
                    break
            else:
                places.append([sight])
        seen = set(map(id, bordered))
        judged = []
        for place in places[:_MOST_CANDIDATES]:
            far = max((each.score for each in place if id(each) in seen), default=0.0)
            judged += self._closely(small, place[0], far)
        return _each_once(judged)

    def _closely(self, small: np.ndarray, sight: Sight, far: float) -> list[_Judged]:
        """What BlazeFace's short range and HOG say of a candidate, turned upright and enlarged."""
        x, y, width, height = sight.box
        size, side = max(width, height), self._short.side
        middle = (x + width / 2, y + height / 2)
        view, matrix = turned_upright(small, middle, _CLOSE * size, sight.roll, side)
        nearer = [
            near
            for near in self._short.look(view, View(0, 0, side), _CANDIDATE)
            if _is_it(near.box, side / 2, side / _CLOSE)
        ]
        if not nearer or far + nearer[0].score < _HOPELESS:
            return []
        near = nearer[0]
        view, _ = turned_upright(small, middle, _CLOSE_HOG * size, sight.roll, _HOG_SIDE)
        windows = self._windows.find(view, 0, _HOG_LOWEST)
        hog = max(
            (score for box, score in windows if _is_it(box, _HOG_SIDE / 2, _HOG_SIDE / _CLOSE_HOG)),
            default=_HOG_LOWEST,
        )
        back = cv2.invertAffineTransform(matrix)
        scale = _CLOSE * size / side
        at = back @ (near.box[0] + near.box[2] / 2, near.box[1] + near.box[3] / 2, 1)
        across = max(near.box[2:]) * scale
        box = (float(at[0] - across / 2), float(at[1] - across / 2), across, across)
        roll = (sight.roll + near.roll + 180) % 360 - 180
        return [_Judged(box, roll, far, near.score, hog)]

    def _again(
        self, small: np.ndarray, judged: list[_Judged], found: list[_Judged]
    ) -> list[_Judged]:
        """A second look at a picture in which nothing was found, or nothing sure: what stands on its
        head may look a little like a face, and much like one when the picture is turned."""
        if not found:
            judged = _each_once(judged + self._judge(small, [], self._hog_sights(small)))
            found = [each for each in judged if each.is_face]
        best: list[_Judged] = []
        for turns in (1, 2, 3):
            turned = np.ascontiguousarray(np.rot90(small, -turns))
            upright = self._judge(turned, *self._candidates(turned, [whole(turned.shape)]))
            sure = [e for e in upright if e.score > TURNED_THRESHOLD and abs(e.roll) < _LEANING]
            if sure and (not best or sure[0].score > best[0].score):
                best = [_turned_back(each, turns, small.shape) for each in sure]
        if best and not any(each.score > best[0].score for each in found):
            return best
        if found:
            return found
        rivals = [each for each in judged if each.score > _RIVAL]
        return rivals if len(rivals) == 1 and rivals[0].is_clear else []


def _is_small_in(judged: _Judged, view: View) -> bool:
    """Whether a view shows a face so small that others beside it may have been missed."""
    x, y, width, height = judged.box
    across, down = x + width / 2 - view.left, y + height / 2 - view.top
    return width < _SMALL * view.side and 0 < across < view.side and 0 < down < view.side


def _each_once(judged: list[_Judged]) -> list[_Judged]:
    """The surest of those at each place, the surest first."""
    kept: list[_Judged] = []
    for each in sorted(judged, key=lambda each: -each.score):
        if not any(same_place(each.box, other.box) for other in kept):
            kept.append(each)
    return kept


def _is_it(box: Box, middle: float, width: float) -> bool:
    """Whether a box in a closer look is of the candidate in its middle."""
    x, y, across, down = box
    apart = np.hypot(x + across / 2 - middle, y + down / 2 - middle)
    return bool(apart < 0.45 * width and 0.5 < across / width < 1.7)


def _turned_back(judged: _Judged, quarters: int, shape: tuple[int, int]) -> _Judged:
    """What was found in a picture turned clockwise, in the picture itself."""
    height, width = shape
    x, y, across, down = judged.box
    box = {
        1: (y, height - x - across, down, across),
        2: (width - x - across, height - y - down, across, down),
        3: (width - y - down, x, down, across),
    }[quarters]
    roll = (judged.roll - 90 * quarters + 180) % 360 - 180
    return replace(judged, box=box, roll=roll)


def _face(grey: np.ndarray, judged: _Judged, scale: float) -> Face:
    """A face with its landmarks, in pixels of the picture that was sent."""
    x, y, width, height = (value / scale for value in judged.box)
    box = (x, y, width, height)
    by = NAME if judged.hog > 0 else blazeface.NAME
    turned = round(-judged.roll / 90) * 90 % 360
    return Face(box, judged.score, landmarks_of(grey, box, judged.roll), by, turned)
