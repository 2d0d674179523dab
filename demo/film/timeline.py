"""What a film came to: probabilities over time and each person's share of every emotion."""

from dataclasses import dataclass, field

import numpy as np

from demo.answer.as_json import by_emotion
from demo.answer.schema_film import FilmCounts, FilmPerson, Share
from demo.people.tracking import Sample
from model.labels import EMOTIONS

# As many points as a plot can show. A curve has no more, however long the film is.
_POINTS = 1000

# Count of samples, count of faces, sums and sums of squares of the seven probabilities.
_WIDTH = 2 + 2 * len(EMOTIONS)


class Curve:
    """Seven probabilities over time, in at most 1000 steps of equal length.

    A step is a fifth of a second at first. When there are too many, two become one, and so on: what
    a curve takes does not grow with the length of the film.

    Attributes:
        step: the length of a step in seconds.
    """

    def __init__(self) -> None:
        self.step = 0.2
        self._first = 0
        self._sums = np.zeros((0, _WIDTH))

    def add(self, time: float, probabilities: np.ndarray) -> None:
        """Takes in a sample.

        Args:
            time: in seconds, not before that of the sample before.
            probabilities: `(n, 7)`, of n faces; n may be 0.
        """
        # As with the sampling of frames, a time just below a step is rounded.
        index = int((time + 1e-3) / self.step)
        if not len(self._sums):
            self._first = index
        while index - self._first >= _POINTS:
            self._halve()
            index = int((time + 1e-3) / self.step)
        missing = index - self._first + 1 - len(self._sums)
        if missing > 0:
            # Twice as many at once, so that a long curve is not copied at every step.
            room = np.zeros((max(missing, min(len(self._sums), _POINTS)), _WIDTH))
            self._sums = np.concatenate([self._sums, room])
        row = self._sums[index - self._first]
        row[0] += 1
        row[1] += len(probabilities)
        row[2 : 2 + len(EMOTIONS)] += probabilities.sum(axis=0)
        row[2 + len(EMOTIONS) :] += (probabilities**2).sum(axis=0)

    def points(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """The curve as it is now.

        Returns:
            `(n,)` the middle of each step in seconds, `(n,)` faces found on average, `(n, 7)` mean
            probabilities, `(n, 7)` their standard deviation over the faces of a step. What nothing
            is known of is NaN: faces in a step without a sample, the rest in one without a face.
        """
        samples = np.flatnonzero(self._sums[:, 0])
        sums = self._sums[: samples[-1] + 1] if len(samples) else self._sums[:0]
        times = (self._first + np.arange(len(sums)) + 0.5) * self.step
        with np.errstate(invalid="ignore"):
            faces = sums[:, 1] / sums[:, 0]
            means = sums[:, 2 : 2 + len(EMOTIONS)] / sums[:, 1:2]
            squares = sums[:, 2 + len(EMOTIONS) :] / sums[:, 1:2]
        spread = np.sqrt(np.maximum(squares - means**2, 0))
        return times, faces, means, spread

    def _halve(self) -> None:
        """Makes one step of two."""
        if self._first % 2:
            self._sums = np.concatenate([np.zeros((1, _WIDTH)), self._sums])
        if len(self._sums) % 2:
            self._sums = np.concatenate([self._sums, np.zeros((1, _WIDTH))])
        self._sums = self._sums.reshape(-1, 2, _WIDTH).sum(axis=1)
        self._first //= 2
        self.step *= 2


@dataclass(eq=False)
class PersonTimeline:
    """One person through a film.

    Attributes:
        first: when the person was first seen, in seconds.
        last: when last.
        samples: in how many pictures.
        seconds: `(7,)`, how long each emotion was the most likely one.
        curve: the smoothed probabilities.
    """

    first: float
    last: float
    samples: int = 0
    seconds: np.ndarray = field(default_factory=lambda: np.zeros(len(EMOTIONS)))
    curve: Curve = field(default_factory=Curve)

    def shares(self) -> np.ndarray:
        """`(7,)`, the share of each emotion in the time in which the person was seen."""
        return _shares(self.seconds)


class Timeline:
    """Collects the samples of a film; what it keeps grows with the people, not with the length.

    A sample counts for the time until the next one, so shares are right at a variable frame rate.
    The emotion is the most likely one after smoothing.

    Attributes:
        people: by number.
        group: all people together.
        samples: how many there were.
        faces: how many faces, those of nobody included.
        alone: how many faces of one picture alone, which are nobody's.
        end: the film's end, or until when it was read.
    """

    def __init__(self) -> None:
        self.people: dict[int, PersonTimeline] = {}
        self.group = Curve()
        self.samples = 0
        self.faces = 0
        self.alone = 0
        self.end = 0.0
        self._last: Sample | None = None

    def add(self, sample: Sample) -> None:
        """Takes in the next sample."""
        if self._last is not None:
            self._count(self._last, sample.time - self._last.time)
        self._last = sample
        self.samples += 1
        self.faces += len(sample.sightings)
        found = sample.people()
        self.alone += len(sample.sightings) - len(found)
        probabilities = [each.smoothed.probabilities for each in found.values()]
        self.group.add(sample.time, np.array(probabilities).reshape(-1, len(EMOTIONS)))
        for person, sighting in found.items():
            timeline = self.people.setdefault(person, PersonTimeline(sample.time, sample.time))
            timeline.last = sample.time
            timeline.samples += 1
            timeline.curve.add(sample.time, sighting.smoothed.probabilities[None])
        self.end = sample.time

    def finish(self, end: float) -> None:
        """Lets the last sample count until the end, in seconds."""
        if self._last is not None:
            self.end = max(self.end, end)
            self._count(self._last, self.end - self._last.time)
            self._last = None

    def shares(self) -> np.ndarray:
        """`(7,)`, the share of each emotion in the time of all people together."""
        return _shares(sum((each.seconds for each in self.people.values()), np.zeros(7)))

    def seen_longest(self, most: int) -> list[int]:
        """The numbers, in order, of at most so many people: those who were seen longest."""
        longest = sorted(self.people, key=lambda number: -self.people[number].seconds.sum())
        return sorted(longest[:most])

    def summary(self) -> FilmCounts:
        """All of it but the curves, as plain Python values."""
        return FilmCounts(
            samples=self.samples,
            faces=self.faces,
            faces_of_one_sample=self.alone,
            people=[
                FilmPerson(
                    person=number,
                    first_seen=round(each.first, 3),
                    last_seen=round(each.last, 3),
                    samples=each.samples,
                    seconds=round(float(each.seconds.sum()), 3),
                    share=by_emotion(each.shares()),
                )
                for number, each in sorted(self.people.items())
            ],
            group=Share(share=by_emotion(self.shares())),
        )

    def _count(self, sample: Sample, seconds: float) -> None:
        for person, sighting in sample.people().items():
            emotion = EMOTIONS.index(sighting.smoothed.emotion)
            self.people[person].seconds[emotion] += seconds


def _shares(seconds: np.ndarray) -> np.ndarray:
    total = float(seconds.sum())
    return seconds / total if total > 0 else np.zeros(len(EMOTIONS))
