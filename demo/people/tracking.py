"""Who is who in pictures that follow each other: faces as people, with steadier probabilities."""

import math
import warnings
from dataclasses import dataclass, replace

import numpy as np
from supervision import ByteTrack
from supervision.detection.utils.iou_and_nms import box_iou_batch
from supervision.tracker.byte_tracker.matching import linear_assignment
from supervision.tracker.byte_tracker.single_object_track import STrack

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

# Boxes are grown by half their size on each side before they are compared: at five pictures a second
# a face may move by its own width from one to the next, and would not overlap with itself any more.
# (Yang et al., "Hard to Track Objects with Irregular Motions and Similar Appearances? Make It Easier
# by Buffering the Matching Space", WACV 2023.)
_GROWN = 0.5


# The library means to drop its ByteTrack for the package trackers, which brings opencv-python and so
# overwrites the headless OpenCV. It is pinned at the last version that has it.
warnings.filterwarnings("ignore", message=".*ByteTrack.*", category=FutureWarning)


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


class People:
    """Follows faces through pictures in the order of their times; for one film or one camera.

    Faces are followed by ByteTrack (Zhang et al., "ByteTrack: Multi-Object Tracking by Associating
    Every Detection Box", ECCV 2022), by where they are and how they move. What they look like does
    not matter, and nobody is identified: who comes back after `LOST_SECONDS`, or after a cut, is a
    new person.

    The tracker moves people on by the time between two pictures, which need not be the same: at a
    variable rate, or when a camera sends none for a while. That alone ends nobody, because a film
    that shows a frame for longer shows nobody leaving.

    Probabilities are smoothed exponentially over time, with the time constant `SMOOTHING_SECONDS`
    whatever the rate.

    Args:
        rate: pictures per second, about.
        uncertain_below: of the network, as `Classifier.uncertain_below`.

    Attributes:
        count: how many people there were.

    Example:

    ```python
    people = People(rate=5, uncertain_below=recognizer.classifier.uncertain_below)
    for time, picture in pictures:
        for sighting in people.update(recognizer.recognize(picture), time):
            print(time, sighting.person, sighting.smoothed.summary)
    ```
    """

    def __init__(self, rate: float, uncertain_below: float) -> None:
        self.count = 0
        self._uncertain_below = uncertain_below
        self._rate = rate
        self._time: float | None = None
        # At least one picture may miss a face, however rare they are.
        self._lost_after = max(1, math.ceil(LOST_SECONDS * rate))
        self.cut()

    def cut(self) -> None:
        """Ends everything that was followed: the next picture is of another place or time.

        Of two faces before and after a cut nothing is known but where they are in the picture, and
        in a conversation the one who answers is shown where the one who asked was.
        """
        self._tracker = ByteTrack(
            # All faces score 1, see `update`: each may begin a person.
            track_activation_threshold=0.5,
            # The library counts in frames of films of 30 a second.
            lost_track_buffer=self._lost_after,
            frame_rate=30,
            minimum_consecutive_frames=_CONFIRMED_AFTER,
        )
        self._tracks: dict[int, Track] = {}

    def update(self, faces: list[FaceExpression], time: float) -> list[Sighting]:
        """Takes in the faces of the next picture.

        Args:
            faces: of the picture, as `Recognizer.recognize` gives them.
            time: of the picture, in seconds, later than the one before.

        Returns:
            A sighting for each face, in the same order.
        """
        self._pass(time)
        # The detector's score says how much it looks like a face from the front. Multiplied with the
        # overlap, as ByteTrack does, it would let go of those who turn their heads.
        boxes = np.array([_corners(face) for face in faces], np.float32).reshape(-1, 4)
        self._tracker.update_with_tensors(np.hstack([boxes, np.ones((len(faces), 1), np.float32)]))
        keys = self._keys(boxes)
        sightings = [self._seen(key, face, time) for key, face in zip(keys, faces, strict=True)]
        self._number(keys)
        known = {each.internal_track_id for each in self._followed()}
        self._tracks = {key: track for key, track in self._tracks.items() if key in known}
        return sightings

    def _pass(self, time: float) -> None:
        """Moves people on by the pictures that are missing since the last one."""
        last, self._time = self._time, time
        if last is None:
            return
        missing = min(round((time - last) * self._rate), self._lost_after) - 1
        for _ in range(missing):
            STrack.multi_predict(self._followed(), self._tracker.shared_kalman)
        self._tracker.frame_id += max(0, missing)

    def _followed(self) -> list[STrack]:
        return [*self._tracker.tracked_tracks, *self._tracker.lost_tracks]

    def _keys(self, boxes: np.ndarray) -> list[int | None]:
        """The tracker's number for each face, None for one that it did not take.

        The library's own way leaves out faces that it has not confirmed yet.
        """
        now = [
            track
            for track in self._tracker.tracked_tracks
            if track.frame_id == self._tracker.frame_id
        ]
        keys: list[int | None] = [None] * len(boxes)
        if now and len(boxes):
            overlap = box_iou_batch(boxes, np.array([track.tlbr for track in now], np.float32))
            for face, track in linear_assignment(1 - overlap, 1.0)[0]:
                keys[face] = int(now[track].internal_track_id)
        return keys

    def _seen(self, key: int | None, face: FaceExpression, time: float) -> Sighting:
        track = None if key is None else self._tracks.get(key)
        if track is None:
            track = Track(None, time, face.probabilities)
            if key is not None:
                self._tracks[key] = track
        else:
            keep = math.exp(-max(0.0, time - track.time) / SMOOTHING_SECONDS)
            mixed = keep * track.probabilities + (1 - keep) * face.probabilities
            track.probabilities = mixed.astype(np.float32)
            track.time = time
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

    def _number(self, keys: list[int | None]) -> None:
        """Numbers the people who were just confirmed, from left to right."""
        confirmed = {
            track.internal_track_id for track in self._tracker.tracked_tracks if track.is_activated
        }
        for key in keys:
            if key is None or key not in confirmed:
                continue
            track = self._tracks[key]
            if track.person is None:
                self.count += 1
                track.person = self.count


def _corners(face: FaceExpression) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of a face's grown box."""
    x, y, width, height = face.box
    across, down = _GROWN * width, _GROWN * height
    return x - across, y - down, x + width + across, y + height + down
