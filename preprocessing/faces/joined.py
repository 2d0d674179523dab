"""The default detector: BlazeFace proposes candidates; BlazeFace and dlib's HOG verify each."""

from dataclasses import dataclass, replace

import cv2
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
from preprocessing.faces.landmarks import landmarks_at_roll, turned_upright
from preprocessing.reducing import reduced

NAME = "hog+blazeface"

# The score, 0 to 1, from which a detection is a candidate, and how many are verified, the surest first.
_CANDIDATE = 0.2
_MOST_CANDIDATES = 400

# A candidate is a face if its `_Verified.score` is above this.
# Chosen with `python -m preprocessing.compare` on 250 pictures and views without a face and 100 faces
# of FER-2013 with a border. Thresholds of 0.58 / 0.66 / 0.72 / 1.05 give, without a second look:
#   pictures and views without a face in which one is found      4 /    2 /    1 /    0
#   faces of FER-2013 found                                     95 /   94 /   94 /   85 %
# The last false alarm is a blurred clock.
SCORE_THRESHOLD = 0.72

# The stricter threshold for a picture turned by a right angle, since three more searches bring three
# more chances of a false alarm, and for a face that leans further than `_LEANING` degrees. The surest
# false alarm scores 0.93, apart from a blurred clock (1.12).
TURNED_THRESHOLD = 0.95
_LEANING = 45.0

# If nothing is found, one upright candidate may still be a face that HOG does not recognise: half
# covered, at the edge or from the side. BlazeFace must score it above `_CLEAR` in the closer view, and
# no other candidate may score above `_RIVAL`. Coins and other patterns have several similar candidates
# (0.70, 0.49, 0.41, ...). This finds 15 of 1,354 faces; in their pictures, no other candidate scores
# above 0.2.
LOW_THRESHOLD = 0.5
_CLEAR, _CLEAR_ROLL, _RIVAL = 0.65, 20.0, 0.3

# The weight of HOG's score in the sum; BlazeFace's scores have weight 1.
_HOG_WEIGHT = 0.67
_HOG_LOWEST = -1.0

# Candidates whose BlazeFace scores sum to less are rejected at once: HOG has never confirmed one.
_REJECTED = 0.6

# HOG searches a whole picture reduced to this many pixels, in about 10 ms, for scores above this.
_HOG_PIXELS = 190_000
_HOG_CANDIDATE = -0.4

# The side of the closer view for BlazeFace and for HOG, in face widths, and HOG's side in pixels.
_BLAZEFACE_CROP, _HOG_CROP, _HOG_SIDE = 1.6, 2.0, 192

# Faces narrower than `_SMALL` of a view are small. Where small faces stand side by side, the full range
# misses most of them. So it also searches closer views around small faces, with `_CLOSER` of that side,
# until these show `_REACH` face widths on each side of every small face. Of 876 faces that touch each
# other (`preprocessing.compare`) it finds 828 so, and 479 without. The numbers of rounds and of views
# only bound the time: 400 faces of 40 px that touch each other take 10 rounds and 5 s.
_SMALL, _CLOSER, _REACH = 28 / 192, 0.6, 1.5
_MOST_ROUNDS, _MOST_CLOSER = 10, 300

_UPRIGHT = np.array([(0.0, 0.0), (1.0, 0.0)])


@dataclass(frozen=True)
class _Verified:
    """A candidate with the scores that verification gave it.

    Attributes:
        box: x, y, width and height in pixels of the picture that detectors see.
        roll: how far the candidate leans, in degrees clockwise, from -180 to 180.
        far: BlazeFace's short-range score in the whole picture with its border, 0 to 1; it is high
            for heads that fill the picture.
        near: BlazeFace's short-range score in a closer view, enlarged and upright, 0 to 1.
        hog: dlib's HOG score in such a view, from -1 for nothing like a face to about 2.
    """

    box: Box
    roll: float
    far: float
    near: float
    hog: float

    @property
    def score(self) -> float:
        """The weighted sum of the three scores; the weights are a logistic regression's, rounded."""
        return self.far + self.near + _HOG_WEIGHT * self.hog

    @property
    def is_face(self) -> bool:
        """Whether the score is enough; faces on their side or upside down need a higher one."""
        leans = abs(self.roll) > _LEANING
        return self.score > (TURNED_THRESHOLD if leans else SCORE_THRESHOLD)

    @property
    def is_clear(self) -> bool:
        """Whether the score is enough if the picture has no other candidate."""
        upright = abs(self.roll) < _CLEAR_ROLL
        return upright and self.score > LOW_THRESHOLD and self.near > _CLEAR


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

    def detect(self, grey: np.ndarray) -> list[Face]:
        """Finds the faces of a picture, as `Detector.detect` says."""
        grey = np.ascontiguousarray(grey)
        small, scale = at_detection_size(grey)
        views = tiles(small.shape, self.min_face)
        verified = self._verify_all(small, *self._candidates(small, views))
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
        bordered = self._short.detect(small, whole_view(small.shape, blazeface.BORDER), _CANDIDATE)
        return bordered, self._detect_in_views(small, views)

    def _detect_in_views(self, small: np.ndarray, views: list[View]) -> list[Detection]:
        """The full range's detections in these views."""
        return [found for view in views for found in self._full.detect(small, view, _CANDIDATE)]

    def _look_beside_small_faces(
        self, small: np.ndarray, verified: list[_Verified], side: float
    ) -> list[_Verified]:
        """Searches closer views around small faces, and around those that it finds there.

        Args:
            small: the picture that detectors see.
            verified: the candidates so far.
            side: of the views in which they were found.
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
            verified = _non_maximum_suppression(verified + self._verify_all(small, [], others))
        return verified

    def _hog_detections(self, small: np.ndarray) -> list[Detection]:
        """HOG's detections in the whole picture, reduced so that HOG takes 10 ms."""
        scale = min(1.0, (_HOG_PIXELS / small.size) ** 0.5)
        windows = self._windows.find(reduced(small, scale), 0, _HOG_CANDIDATE)
        return [
            Detection((x / scale, y / scale, width / scale, height / scale), 0.0, _UPRIGHT)
            for (x, y, width, height), _ in windows
        ]

    def _verify_all(
        self, small: np.ndarray, bordered: list[Detection], others: list[Detection]
    ) -> list[_Verified]:
        """Groups detections of the same face and verifies each group once, the surest first.

        The scores of `bordered`, from the bordered picture, become `far`.
        """
        groups: list[list[Detection]] = []
        for detection in sorted(bordered + others, key=lambda detection: -detection.score):
            for group in groups:
                if same_face(group[0].box, detection.box):
                    group.append(detection)
                    break
            else:
                groups.append([detection])
        from_border = set(map(id, bordered))
        verified = []
        for group in groups[:_MOST_CANDIDATES]:
            far = max((each.score for each in group if id(each) in from_border), default=0.0)
            candidate = self._verify(small, group[0], far)
            if candidate is not None:
                verified.append(candidate)
        return _non_maximum_suppression(verified)

    def _verify(self, small: np.ndarray, candidate: Detection, far: float) -> _Verified | None:
        """Scores a candidate in closer views that are enlarged and turned upright.

        Returns:
            The candidate with its scores, or None if BlazeFace's scores are too low.
        """
        x, y, width, height = candidate.box
        size, side = max(width, height), self._short.side
        middle = (x + width / 2, y + height / 2)
        across = _BLAZEFACE_CROP * size
        view, matrix = turned_upright(small, middle, across, candidate.roll, side)
        centred = [
            each
            for each in self._short.detect(view, View(0, 0, side), _CANDIDATE)
            if _is_centred(each.box, side, _BLAZEFACE_CROP)
        ]
        if not centred or far + centred[0].score < _REJECTED:
            return None
        near = centred[0]
        view, _ = turned_upright(small, middle, _HOG_CROP * size, candidate.roll, _HOG_SIDE)
        windows = self._windows.find(view, 0, _HOG_LOWEST)
        hog = max(
            (score for box, score in windows if _is_centred(box, _HOG_SIDE, _HOG_CROP)),
            default=_HOG_LOWEST,
        )
        back = cv2.invertAffineTransform(matrix)
        at = back @ (near.box[0] + near.box[2] / 2, near.box[1] + near.box[3] / 2, 1)
        face_side = max(near.box[2:]) * (across / side)
        box = (float(at[0] - face_side / 2), float(at[1] - face_side / 2), face_side, face_side)
        roll = (candidate.roll + near.roll + 180) % 360 - 180
        return _Verified(box, roll, far, near.score, hog)

    def _take_second_look(
        self, small: np.ndarray, verified: list[_Verified], found: list[_Verified]
    ) -> list[_Verified]:
        """Searches again after a search that found no face, or no sure one.

        If there is none, HOG reads the whole picture, and the full range sees it in closer views, which
        shows it small faces that it missed: 29 more of 240 pasted into views, and no false alarm more.
        A face that is upside down scores a little as it is, and much more in a turned picture.
        """
        if not found:
            finer = tiles(small.shape, round(_CLOSER * self.min_face))
            others = self._hog_detections(small) + self._detect_in_views(small, finer)
            more = self._verify_all(small, [], others)
            verified = _non_maximum_suppression(verified + more)
            found = [each for each in verified if each.is_face]
        best: list[_Verified] = []
        for turns in (1, 2, 3):
            turned = np.ascontiguousarray(np.rot90(small, -turns))
            candidates = self._candidates(turned, [whole_view(turned.shape)])
            sure = [
                each
                for each in self._verify_all(turned, *candidates)
                if each.score > TURNED_THRESHOLD and abs(each.roll) < _LEANING
            ]
            if sure and (not best or sure[0].score > best[0].score):
                best = [_turned_back(each, turns, small.shape) for each in sure]
        if best and not any(each.score > best[0].score for each in found):
            return best
        if found:
            return found
        rivals = [each for each in verified if each.score > _RIVAL]
        return rivals if len(rivals) == 1 and rivals[0].is_clear else []


def _surroundings(box: Box, shape: tuple[int, int]) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of `_REACH` widths around a face, as far as the picture goes."""
    x, y, width, height = box
    reach = _REACH * width
    right, bottom = min(x + width + reach, shape[1]), min(y + height + reach, shape[0])
    return max(0.0, x - reach), max(0.0, y - reach), right, bottom


def _non_maximum_suppression(verified: list[_Verified]) -> list[_Verified]:
    """Keeps the surest of all candidates that frame the same face, the surest first."""
    kept: list[_Verified] = []
    for each in sorted(verified, key=lambda each: -each.score):
        if not any(same_face(each.box, other.box) for other in kept):
            kept.append(each)
    return kept


def _is_centred(box: Box, side: int, crop: float) -> bool:
    """Whether a box frames the middle of a view that is `side` pixels or `crop` faces wide."""
    middle, width = side / 2, side / crop
    x, y, across, down = box
    apart = np.hypot(x + across / 2 - middle, y + down / 2 - middle)
    return bool(apart < 0.45 * width and 0.5 < across / width < 1.7)


def _turned_back(face: _Verified, quarter_turns: int, shape: tuple[int, int]) -> _Verified:
    """Maps a face from a picture that was turned clockwise to the original of this shape."""
    height, width = shape
    x, y, across, down = face.box
    box = {
        1: (y, height - x - across, down, across),
        2: (width - x - across, height - y - down, across, down),
        3: (width - y - down, x, down, across),
    }[quarter_turns]
    roll = (face.roll - 90 * quarter_turns + 180) % 360 - 180
    return replace(face, box=box, roll=roll)


def _face(grey: np.ndarray, verified: _Verified, scale: float) -> Face:
    """The face with its landmarks, in pixels of the original picture."""
    x, y, width, height = (value / scale for value in verified.box)
    box = (x, y, width, height)
    detected_by = NAME if verified.hog > 0 else blazeface.NAME
    turned = round(-verified.roll / 90) * 90 % 360
    landmarks = landmarks_at_roll(grey, box, verified.roll)
    return Face(box, verified.score, landmarks, detected_by, turned)
