"""Scores candidates for faces in closer views: BlazeFace's short range and dlib's HOG, together."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from preprocessing.faces.blazeface import Detection, Network, View, same_face
from preprocessing.faces.face import Box
from preprocessing.faces.hog import HogWindows
from preprocessing.faces.landmarks import turned_upright

# The score, 0 to 1, from which a detection is a candidate, and how many are verified, the surest first.
CANDIDATE = 0.2
_MOST_CANDIDATES = 400

# A candidate is a face if its `Verified.score` is above this.
# Chosen with `python -m preprocessing.compare` on 250 pictures and views without a face and 100 faces
# of FER-2013 with a border. Thresholds of 0.58 / 0.66 / 0.72 / 1.05 give, without a second look:
#   pictures and views without a face in which one is found      4 /    2 /    1 /    0
#   faces of FER-2013 found                                     95 /   94 /   94 /   85 %
# The last false alarm is a blurred clock.
SCORE_THRESHOLD = 0.72

# The stricter threshold for a picture turned by a right angle, since three more searches bring three
# more chances of a false alarm, and for a face that leans further than `LEANING` degrees. The surest
# false alarm scores 0.93, apart from a blurred clock (1.12).
TURNED_THRESHOLD = 0.95
LEANING = 45.0

# If nothing is found, one upright candidate may still be a face that HOG does not recognise: half
# covered, at the edge or from the side. BlazeFace must score it above `_CLEAR` in the closer view, and
# no other candidate may score above `RIVAL`. Coins and other patterns have several similar candidates
# (0.70, 0.49, 0.41, ...). This finds 15 of 1,354 faces; in their pictures, no other candidate scores
# above 0.2.
LOW_THRESHOLD = 0.5
_CLEAR, _CLEAR_ROLL, RIVAL = 0.65, 20.0, 0.3

# The weight of HOG's score in the sum; BlazeFace's scores have weight 1.
_HOG_WEIGHT = 0.67
_HOG_LOWEST = -1.0

# Candidates whose BlazeFace scores sum to less are rejected at once: HOG has never confirmed one.
_REJECTED = 0.6

# The side of the closer view for BlazeFace and for HOG, in face widths, and HOG's side in pixels.
_BLAZEFACE_CROP, _HOG_CROP, _HOG_SIDE = 1.6, 2.0, 192


@dataclass(frozen=True)
class Verified:
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
        leans = abs(self.roll) > LEANING
        return self.score > (TURNED_THRESHOLD if leans else SCORE_THRESHOLD)

    @property
    def is_clear(self) -> bool:
        """Whether the score is enough if the picture has no other candidate."""
        upright = abs(self.roll) < _CLEAR_ROLL
        return upright and self.score > LOW_THRESHOLD and self.near > _CLEAR


class Verifier:
    """Verifies candidates in closer views. Threads may share one.

    Args:
        short: BlazeFace's short range.
        windows: dlib's HOG.
    """

    def __init__(self, short: Network, windows: HogWindows) -> None:
        self._short, self._windows = short, windows

    def verify(
        self, small: np.ndarray, bordered: list[Detection], others: list[Detection]
    ) -> list[Verified]:
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
            candidate = self._score(small, group[0], far)
            if candidate is not None:
                verified.append(candidate)
        return non_maximum_suppression(verified)

    def _score(self, small: np.ndarray, candidate: Detection, far: float) -> Verified | None:
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
            for each in self._short.detect(view, View(0, 0, side), CANDIDATE)
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
        return Verified(box, roll, far, near.score, hog)


def non_maximum_suppression(verified: list[Verified]) -> list[Verified]:
    """Keeps the surest of all candidates that frame the same face, the surest first."""
    kept: list[Verified] = []
    for each in sorted(verified, key=lambda each: -each.score):
        if not any(same_face(each.box, other.box) for other in kept):
            kept.append(each)
    return kept


def turned_back(face: Verified, quarter_turns: int, shape: tuple[int, int]) -> Verified:
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


def _is_centred(box: Box, side: int, crop: float) -> bool:
    """Whether a box frames the middle of a view that is `side` pixels or `crop` faces wide."""
    middle, width = side / 2, side / crop
    x, y, across, down = box
    apart = np.hypot(x + across / 2 - middle, y + down / 2 - middle)
    return bool(apart < 0.45 * width and 0.5 < across / width < 1.7)
