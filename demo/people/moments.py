"""The moments of a film at which a face changed most."""

from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np

from demo.answer import schema_live
from demo.people.tracking import Sample, Sighting
from model.labels import EMOTIONS
from preprocessing.images import Picture

# The second before a moment is compared with the second after it: means of so many pictures need no
# smoothing, which would find every change late.
_WINDOW = 1.0

# Moments of one person are at least so far apart, in seconds.
_APART = 3.0

# Less than this share of the probability moving elsewhere is no change worth showing.
_LEAST_CHANGE = 0.25

_MOST_MOMENTS = 12

_SIDE = 256  # of each half of a thumbnail, in pixels


@dataclass(frozen=True, eq=False)
class Moment:
    """A change of someone's expression.

    Attributes:
        time: in seconds.
        person: whose.
        before: the most likely emotion in the second before.
        after: the most likely emotion in the second after.
        change: the share of the probability that went elsewhere, 0 to 1 (total variation).
        thumbnail: `(256, 512, 3)` uint8 RGB, the face a second before and a second after; None if
            not asked for.
    """

    time: float
    person: int
    before: str
    after: str
    change: float
    thumbnail: np.ndarray | None

    def to_json(self) -> schema_live.Moment:
        """All but the thumbnail, as plain Python values."""
        return schema_live.Moment(
            time=round(self.time, 3),
            person=self.person,
            before=self.before,
            after=self.after,
            change=round(self.change, 3),
        )


@dataclass(frozen=True, eq=False)
class _Seen:
    time: float
    probabilities: np.ndarray
    thumbnail: np.ndarray | None


class Moments:
    """Finds the twelve largest changes, which are at least 3 seconds apart for one person.

    Args:
        thumbnails: whether to keep pictures of them. They are pictures of people: without being
            asked, none is kept.
    """

    def __init__(self, thumbnails: bool) -> None:
        self._thumbnails = thumbnails
        self._seen: dict[int, deque[_Seen]] = {}
        self._found: list[Moment] = []

    def add(self, sample: Sample) -> None:
        """Takes in the next sample."""
        for person, sighting in sample.people().items():
            seen = self._seen.setdefault(person, deque())
            # However many pictures a second there are, a dozen tells enough.
            if not seen or sample.time - seen[-1].time >= _WINDOW / 12:
                picture = _thumbnail(sample.picture, sighting) if self._thumbnails else None
                seen.append(_Seen(sample.time, sighting.face.probabilities, picture))
        for person, seen in list(self._seen.items()):
            # Times are rounded to the clock of the film.
            while seen and sample.time - seen[0].time > 2 * _WINDOW + 1e-2:
                seen.popleft()
            if seen:
                self._consider(person, list(seen), sample.time - _WINDOW)
            else:
                del self._seen[person]

    def largest(self) -> list[Moment]:
        """The moments in the order of their times."""
        return sorted(self._found, key=lambda moment: moment.time)

    def _consider(self, person: int, seen: list[_Seen], time: float) -> None:
        before = [each for each in seen if each.time < time - 1e-2]
        after = [each for each in seen if each.time >= time - 1e-2]
        if not before or not after:
            return
        means = [np.mean([each.probabilities for each in side], axis=0) for side in (before, after)]
        change = float(np.abs(means[1] - means[0]).sum()) / 2
        near = [each for each in self._found if each.person == person and time - each.time < _APART]
        if change < _LEAST_CHANGE or any(each.change >= change for each in near):
            return
        thumbnail = None
        if before[0].thumbnail is not None and after[-1].thumbnail is not None:
            thumbnail = np.hstack([before[0].thumbnail, after[-1].thumbnail])
        was, became = (EMOTIONS[int(mean.argmax())] for mean in means)
        moment = Moment(after[0].time, person, was, became, change, thumbnail)
        self._found = [each for each in self._found if each not in near]
        self._found = sorted([*self._found, moment], key=lambda each: -each.change)[:_MOST_MOMENTS]


def _thumbnail(picture: Picture, sighting: Sighting) -> np.ndarray:
    """A square around a face, `(256, 256, 3)`."""
    x, y, width, height = (value / picture.scale for value in sighting.face.box)
    half = 0.8 * max(width, height)
    middle = (x + width / 2, y + height / 2)
    # Beyond the picture's edges it is black.
    matrix = np.array([[1, 0, half - middle[0]], [0, 1, half - middle[1]]]) * _SIDE / (2 * half)
    return cv2.warpAffine(picture.pixels, matrix, (_SIDE, _SIDE), flags=cv2.INTER_AREA)
