"""Finds the moments of a film at which a face changed most."""

from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np

from demo.answer import schema_live
from demo.people.tracking import Sample, Sighting
from model.labels import EMOTIONS
from preprocessing.images import Picture

# The mean over this many seconds before a moment is compared with the mean after it. Means need no
# smoothing, and smoothing would find every change late.
_WINDOW = 1.0

# Two moments of one person are at least this many seconds apart.
_APART = 3.0

# A change counts if at least this share of the probability moves to other emotions.
_LEAST_CHANGE = 0.25

_MOST_MOMENTS = 12

_SIDE = 256  # the side of each half of a thumbnail, in pixels


@dataclass(frozen=True, eq=False)
class Moment:
    """A large change of one person's expression.

    Attributes:
        time: the time of the change, in seconds.
        person: the person's number.
        before: the most likely emotion in the second before.
        after: the most likely emotion in the second after.
        change: the share of the probability that moved to other emotions, 0 to 1 (total variation).
        thumbnail: the face a second before and a second after, `(256, 512, 3)` uint8 RGB; None if
            not wanted.
    """

    time: float
    person: int
    before: str
    after: str
    change: float
    thumbnail: np.ndarray | None

    def to_json(self) -> schema_live.Moment:
        """Returns everything except the thumbnail, as plain Python values."""
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
    """Finds the twelve largest changes, at least 3 seconds apart for the same person.

    Args:
        thumbnails: whether to keep a picture of each change. The pictures show people, so they are
            kept only on request.
    """

    def __init__(self, thumbnails: bool) -> None:
        self._thumbnails = thumbnails
        self._seen: dict[int, deque[_Seen]] = {}
        self._found: list[Moment] = []

    def add(self, sample: Sample) -> None:
        """Adds the next sample."""
        for person, sighting in sample.people().items():
            seen = self._seen.setdefault(person, deque())
            # Twelve pictures per second are enough.
            if not seen or sample.time - seen[-1].time >= _WINDOW / 12:
                picture = _thumbnail(sample.picture, sighting) if self._thumbnails else None
                seen.append(_Seen(sample.time, sighting.face.probabilities, picture))
        for person, seen in list(self._seen.items()):
            # The extra hundredth allows for times that are rounded to the film's clock.
            while seen and sample.time - seen[0].time > 2 * _WINDOW + 1e-2:
                seen.popleft()
            if seen:
                self._consider(person, list(seen), sample.time - _WINDOW)
            else:
                del self._seen[person]

    def largest(self) -> list[Moment]:
        """Returns the moments in order of time."""
        return sorted(self._found, key=lambda moment: moment.time)

    def _consider(self, person: int, seen: list[_Seen], time: float) -> None:
        before = [face for face in seen if face.time < time - 1e-2]
        after = [face for face in seen if face.time >= time - 1e-2]
        if not before or not after:
            return
        means = [np.mean([face.probabilities for face in side], axis=0) for side in (before, after)]
        change = float(np.abs(means[1] - means[0]).sum()) / 2
        near = [
            moment
            for moment in self._found
            if moment.person == person and time - moment.time < _APART
        ]
        if change < _LEAST_CHANGE or any(moment.change >= change for moment in near):
            return
        thumbnail = None
        if before[0].thumbnail is not None and after[-1].thumbnail is not None:
            thumbnail = np.hstack([before[0].thumbnail, after[-1].thumbnail])
        was, became = (EMOTIONS[int(mean.argmax())] for mean in means)
        new = Moment(after[0].time, person, was, became, change, thumbnail)
        kept = [moment for moment in self._found if moment not in near]
        self._found = sorted([*kept, new], key=lambda moment: -moment.change)[:_MOST_MOMENTS]


def _thumbnail(picture: Picture, sighting: Sighting) -> np.ndarray:
    """Cuts out a square around a face, `(256, 256, 3)` uint8 RGB."""
    x, y, width, height = (value / picture.scale for value in sighting.face.box)
    half = 0.8 * max(width, height)
    middle = (x + width / 2, y + height / 2)
    # Parts beyond the picture's edges become black.
    matrix = np.array([[1, 0, half - middle[0]], [0, 1, half - middle[1]]]) * _SIDE / (2 * half)
    return cv2.warpAffine(picture.pixels, matrix, (_SIDE, _SIDE), flags=cv2.INTER_AREA)
