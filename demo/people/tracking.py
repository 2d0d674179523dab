"""Follows faces through successive pictures: gives them numbers and smooths their probabilities."""

import math
from dataclasses import dataclass, replace

import numpy as np

from demo.people.association import pairs
from demo.people.motion import Motion
from model import FaceExpression
from model.labels import EMOTIONS
from preprocessing.images import Picture

# The time constant of the exponential smoothing: after this many seconds a value weighs 37 %.
SMOOTHING_SECONDS = 0.5

# A face that is away for up to this many seconds (turned, or behind another) is still the same person.
LOST_SECONDS = 2.0

# A face becomes a person when this many successive pictures show it, because false alarms of the
# detector seldom survive a change of light or place.
_CONFIRMED_AFTER = 2

# Boxes that overlap less are not the same face. The second value is for unconfirmed faces, which must
# be found closer to their last place. Both values are from ByteTrack (Zhang et al., ECCV 2022).
_LEAST_OVERLAP = 0.2
_LEAST_OVERLAP_NEW = 0.3

# The time constant, in seconds, with which trust in an absent face fades. While one person hides behind
# another, the visible face then goes to the person seen last.
_TRUST_SECONDS = 1.0


@dataclass(eq=False)
class Track:
    """One face through successive pictures.

    Attributes:
        person: the person's number, from 1 in order of appearance; None until a second picture
            confirms the face.
        time: the time of the last sighting, in seconds.
        probabilities: the smoothed probabilities at that time, `(7,)` float32.
    """

    person: int | None
    time: float
    probabilities: np.ndarray


@dataclass(frozen=True, eq=False)
class Sighting:
    """A face in one picture.

    Attributes:
        face: the face as the network read it.
        smoothed: the same face with smoothed probabilities, and the emotion that follows from them.
        track: the face through all pictures.
    """

    face: FaceExpression
    smoothed: FaceExpression
    track: Track

    @property
    def person(self) -> int | None:
        """The person's number; None while no other picture shows the face.

        If the next picture shows the face, this first sighting gets its number too.
        """
        return self.track.person


@dataclass(frozen=True, eq=False)
class Sample:
    """A picture of a film or a camera, and the faces in it.

    Attributes:
        time: seconds from the start.
        picture: the upright picture, with a longer side of at most 1280 pixels.
        sightings: the faces from left to right.
        cut: whether there is a cut before this sample. Nobody is followed across a cut.
    """

    time: float
    picture: Picture
    sightings: list[Sighting]
    cut: bool

    def people(self) -> dict[int, Sighting]:
        """Returns the sightings of people, by the person's number."""
        return {
            sighting.person: sighting for sighting in self.sightings if sighting.person is not None
        }


@dataclass(eq=False)
class _Followed:
    """A face that is followed.

    Attributes:
        motion: the face's place and speed.
        track: the track that all its sightings share.
        pictures: how many pictures show the face.
        away: how many seconds ago the face was last found.
    """

    motion: Motion
    track: Track
    pictures: int = 0
    away: float = 0.0

    @property
    def confirmed(self) -> bool:
        return self.pictures >= _CONFIRMED_AFTER


class People:
    """Follows faces through the pictures of one film or one camera, in order of time.

    A Kalman filter predicts where each face will be (`Motion`), and an exact assignment gives each
    face found to a person (`pairs`). The detector's score is not used: it is low for faces that are
    not seen from the front, so people who turn their heads would be lost. Faces are not compared by
    their looks, and nobody is identified: anyone who returns after `LOST_SECONDS`, or after a cut, is
    a new person.

    The time between two pictures may vary. A gap counts as `LOST_SECONDS` at most, so a single long
    gap ends nobody: a film that shows one frame for longer does not show anyone leaving.

    Probabilities are smoothed exponentially over time, with the time constant `SMOOTHING_SECONDS` at
    any picture rate.

    Args:
        uncertain_below: the network's `Classifier.uncertain_below`.

    Attributes:
        count: the number of people so far.

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
        """Forgets all faces, because the next picture shows another place or time.

        Only places could link faces across a cut, and they mislead: in a filmed conversation, the
        person who answers appears where the person who asked was.
        """
        self._followed = []

    def update(self, faces: list[FaceExpression], time: float) -> list[Sighting]:
        """Adds the faces of the next picture.

        Args:
            faces: the picture's faces from `Recognizer.recognize`.
            time: the picture's time in seconds, later than the previous one.

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
        """Moves all faces on by the time since the last picture."""
        seconds = 0.0 if self._time is None else min(max(0.0, time - self._time), LOST_SECONDS)
        self._time = time
        for followed in self._followed:
            followed.motion.predict(seconds)
            followed.away += seconds

    def _owners(self, faces: list[FaceExpression]) -> dict[int, _Followed]:
        """Returns the followed face for the index of each face found; confirmed people go first."""
        owners: dict[int, _Followed] = {}
        for confirmed, least in ((True, _LEAST_OVERLAP), (False, _LEAST_OVERLAP_NEW)):
            expected = [known for known in self._followed if known.confirmed == confirmed]
            free = [index for index in range(len(faces)) if index not in owners]
            boxes = [faces[index].box for index in free]
            places = [known.motion.box for known in expected]
            trust = [math.exp(-known.away / _TRUST_SECONDS) for known in expected]
            for one, other in pairs(places, trust, boxes, least):
                owners[free[other]] = expected[one]
        return owners

    def _forget(self, present: list[_Followed]) -> None:
        """Forgets people who are away for too long, and unconfirmed faces at once."""
        # The extra millisecond allows for times that are rounded to the film's clock.
        self._followed = [
            known
            for known in self._followed
            if known in present or (known.confirmed and known.away <= LOST_SECONDS + 1e-3)
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
