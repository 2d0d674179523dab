"""Who is who in pictures that follow each other: faces as people, with steadier probabilities."""

import math
from dataclasses import dataclass, replace

import numpy as np

from demo.people.association import pairs
from demo.people.motion import Motion
from model import FaceExpression
from model.labels import EMOTIONS
from preprocessing.images import Picture

# The time constant of the exponential smoothing, in seconds: what was shown so long ago weighs 37 %.
SMOOTHING_SECONDS = 0.5

# How long a face may be away (turned, behind another) and still be the same person, in seconds.
LOST_SECONDS = 2.0

# A face is a person when it was found in so many successive pictures: a false alarm of the detector
# seldom outlives a change of light or place.
_CONFIRMED_AFTER = 2

# Boxes that overlap less are not the same face; one that is not confirmed must be found again closer
# to where it was. Both are those of ByteTrack (Zhang et al., ECCV 2022).
_LEAST_OVERLAP = 0.2
_LEAST_OVERLAP_NEW = 0.3

# How fast trust in a face that is away fades, in seconds: while one person hides behind another, the
# face in front belongs to the one who was seen last.
_TRUST_SECONDS = 1.0


@dataclass(eq=False)
class Track:
    """One face through successive pictures.

    Attributes:
        person: its number, from 1 in order of appearance; None until a second picture confirms it.
        time: when it was last seen, in seconds.
        probabilities: `(7,)` float32, smoothed, of that time.
    """

    person: int | None
    time: float
    probabilities: np.ndarray


@dataclass(frozen=True, eq=False)
class Sighting:
    """A face in one of the pictures.

    Attributes:
        face: as it was read.
        smoothed: the same with the smoothed probabilities, and what follows from them.
        track: the face through all pictures.
    """

    face: FaceExpression
    smoothed: FaceExpression
    track: Track

    @property
    def person(self) -> int | None:
        """The person's number; None for a face that only this picture has, or has as yet.

        The next picture may give it: the first sighting then has its number too.
        """
        return self.track.person


@dataclass(frozen=True, eq=False)
class Sample:
    """A picture of a film or a camera and who is in it.

    Attributes:
        time: in seconds from the start.
        picture: upright; its longer side is at most 1280 pixels.
        sightings: the faces from left to right.
        cut: the pictures jump between the sample before and this one; nobody is followed across.
    """

    time: float
    picture: Picture
    sightings: list[Sighting]
    cut: bool

    def people(self) -> dict[int, Sighting]:
        """The sightings that have a person, by number."""
        return {each.person: each for each in self.sightings if each.person is not None}


@dataclass(eq=False)
class _Followed:
    """A face that is followed.

    Attributes:
        motion: where it is and how it moves.
        track: what the sightings share.
        pictures: how many pictures it was found in.
        away: for how long it has not been found, in seconds.
    """

    motion: Motion
    track: Track
    pictures: int = 0
    away: float = 0.0

    @property
    def confirmed(self) -> bool:
        return self.pictures >= _CONFIRMED_AFTER


class People:
    """Follows faces through pictures in the order of their times; for one film or one camera.

    A Kalman filter predicts where each face will be (`Motion`), and an exact assignment shares out
    the faces that are found (`pairs`). The detector's score plays no part: it says how much a face
    looks like one from the front, and would let go of people who turn their heads. Looks play no
    part either, and nobody is identified: anyone who returns after `LOST_SECONDS`, or after a cut,
    is a new person.

    The time between two pictures may vary. A long one alone ends nobody, because a film that shows
    a frame for longer shows nobody leaving: it counts as `LOST_SECONDS` at most.

    Probabilities are smoothed exponentially over time, with the time constant `SMOOTHING_SECONDS`
    whatever the rate.

    Args:
        uncertain_below: of the network, as `Classifier.uncertain_below`.

    Attributes:
        count: how many people there were.

    Example:

    ```python
    people = People(recognizer.classifier.uncertain_below)
    for time, picture in pictures:
        for sighting in people.update(recognizer.recognize(picture), time):
            print(time, sighting.person, sighting.smoothed.summary)
    ```
    """

    def __init__(self, uncertain_below: float) -> None:
        self.count = 0
        self._uncertain_below = uncertain_below
        self._time: float | None = None
        self._followed: list[_Followed] = []

    def cut(self) -> None:
        """Ends everything that was followed: the next picture is of another place or time.

        Of two faces before and after a cut nothing is known but where they are in the picture, and
        in a conversation the one who answers is shown where the one who asked was.
        """
        self._followed = []

    def update(self, faces: list[FaceExpression], time: float) -> list[Sighting]:
        """Takes in the faces of the next picture.

        Args:
            faces: of the picture, as `Recognizer.recognize` gives them.
            time: of the picture, in seconds, later than the one before.

        Returns:
            A sighting for each face, in the same order.
        """
        self._wait(time)
        owners = self._owners(faces)
        self._forget(list(owners.values()))
        sightings = []
        for index, face in enumerate(faces):
            followed = owners.get(index)
            if followed is None:
                followed = _Followed(Motion(face.box), Track(None, time, face.probabilities))
                self._followed.append(followed)
            else:
                followed.motion.correct(face.box)
                _smooth(followed.track, face, time)
            followed.away = 0.0
            followed.pictures += 1
            if followed.confirmed and followed.track.person is None:
                self.count += 1
                followed.track.person = self.count
            sightings.append(self._sighting(face, followed.track))
        return sightings

    def _wait(self, time: float) -> None:
        """Moves everybody on by the time since the last picture."""
        seconds = 0.0 if self._time is None else min(max(0.0, time - self._time), LOST_SECONDS)
        self._time = time
        for each in self._followed:
            each.motion.predict(seconds)
            each.away += seconds

    def _owners(self, faces: list[FaceExpression]) -> dict[int, _Followed]:
        """Who is followed and has which face; people come before those who are not confirmed."""
        owners: dict[int, _Followed] = {}
        for confirmed, least in ((True, _LEAST_OVERLAP), (False, _LEAST_OVERLAP_NEW)):
            expected = [each for each in self._followed if each.confirmed == confirmed]
            free = [index for index in range(len(faces)) if index not in owners]
            boxes = [faces[index].box for index in free]
            places = [each.motion.box for each in expected]
            trust = [math.exp(-each.away / _TRUST_SECONDS) for each in expected]
            for one, other in pairs(places, trust, boxes, least):
                owners[free[other]] = expected[one]
        return owners

    def _forget(self, present: list[_Followed]) -> None:
        """Ends those who are away for too long, and at once those who are not confirmed."""
        # The times of a film are rounded to its clock.
        self._followed = [
            each
            for each in self._followed
            if each in present or (each.confirmed and each.away <= LOST_SECONDS + 1e-3)
        ]

    def _sighting(self, face: FaceExpression, track: Track) -> Sighting:
        best = int(track.probabilities.argmax())
        confidence = float(track.probabilities[best])
        smoothed = replace(
            face,
            probabilities=track.probabilities,
            emotion=EMOTIONS[best],
            confidence=confidence,
            uncertain=confidence < self._uncertain_below,
        )
        return Sighting(face, smoothed, track)


def _smooth(track: Track, face: FaceExpression, time: float) -> None:
    """Mixes a face's probabilities into those of its track."""
    keep = math.exp(-max(0.0, time - track.time) / SMOOTHING_SECONDS)
    mixed = keep * track.probabilities + (1 - keep) * face.probabilities
    track.probabilities, track.time = mixed.astype(np.float32), time
