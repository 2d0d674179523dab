"""The summary of a film: probabilities over time and each person's share of every emotion."""

from dataclasses import dataclass, field

import numpy as np

from demo.answer.as_json import by_emotion
from demo.answer.schema_film import FilmCounts, FilmPerson, Share
from demo.people.tracking import Sample
from model.labels import EMOTIONS

# A curve has at most this many points, as a plot cannot show more.
_POINTS = 1000

# Each row holds: number of samples, number of faces, sums and sums of squares of seven probabilities.
_WIDTH = 2 + 2 * len(EMOTIONS)


class Curve:
    """Seven probabilities over time, in at most 1000 steps of equal length.

    A step lasts a fifth of a second at first. Whenever there are too many steps, each two are merged
    into one. So a curve's memory does not grow with the length of the film.

    Attributes:
        step: the length of a step, in seconds.
    """

    def __init__(self) -> None:
        self.step = 0.2
        self._first = 0
        self._sums = np.zeros((0, _WIDTH))

    def add(self, time: float, probabilities: np.ndarray) -> None:
        """Adds a sample.

        Args:
            time: the sample's time in seconds, not earlier than the previous one.
            probabilities: `(n, 7)`, one row for each of n faces; n may be 0.
        """
        # A time just below a step is rounded up, as in `Film.samples`.
        index = int((time + 1e-3) / self.step)
        if not len(self._sums):
            self._first = index
        while index - self._first >= _POINTS:
            self._halve()
            index = int((time + 1e-3) / self.step)
        missing = index - self._first + 1 - len(self._sums)
        if missing > 0:
            # Double the room, so that a long curve is not copied at every step.
            room = np.zeros((max(missing, min(len(self._sums), _POINTS)), _WIDTH))
            self._sums = np.concatenate([self._sums, room])
        row = self._sums[index - self._first]
        row[0] += 1
        row[1] += len(probabilities)
        row[2 : 2 + len(EMOTIONS)] += probabilities.sum(axis=0)
        row[2 + len(EMOTIONS) :] += (probabilities**2).sum(axis=0)

    def points(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Returns the curve so far.

        Returns:
            `(n,)` the middle of each step in seconds, `(n,)` the mean number of faces, `(n, 7)` mean
            probabilities, `(n, 7)` their standard deviation over the faces of a step. Unknown values
            are NaN: the number of faces in a step without a sample, the rest in a step without a
            face.
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
        """Merges each two steps into one."""
        if self._first % 2:
            self._sums = np.concatenate([np.zeros((1, _WIDTH)), self._sums])
        if len(self._sums) % 2:
            self._sums = np.concatenate([self._sums, np.zeros((1, _WIDTH))])
        self._sums = self._sums.reshape(-1, 2, _WIDTH).sum(axis=1)
        self._first //= 2
        self.step *= 2


@dataclass(eq=False)
class PersonTimeline:
    """One person's expressions through a film.

    Attributes:
        first: the time of the first sighting, in seconds.
        last: the time of the last sighting, in seconds.
        samples: how many pictures show the person.
        seconds: `(7,)`, how many seconds each emotion was the most likely one.
        curve: the smoothed probabilities over time.
    """

    first: float
    last: float
    samples: int = 0
    seconds: np.ndarray = field(default_factory=lambda: np.zeros(len(EMOTIONS)))
    curve: Curve = field(default_factory=Curve)

    def shares(self) -> np.ndarray:
        """Returns `(7,)`, each emotion's share of the time in which the person was seen."""
        return _shares(self.seconds)


class Timeline:
    """Collects the samples of a film; its memory grows with the people, not with the length.

    A sample counts for the time until the next one, so shares are right at a variable frame rate.
    A sample's emotion is the most likely one after smoothing.

    Attributes:
        people: each person's timeline, by number.
        group: the curve of all people together.
        samples: the number of samples.
        faces: the number of faces in all samples.
        alone: how many of these faces appear in one picture only and belong to no person.
        end: the end of the film, or the time up to which it was read, in seconds.
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
        """Adds the next sample."""
        if self._last is not None:
            self._count(self._last, sample.time - self._last.time)
        self._last = sample
        self.samples += 1
        self.faces += len(sample.sightings)
        found = sample.people()
        self.alone += len(sample.sightings) - len(found)
        probabilities = [sighting.smoothed.probabilities for sighting in found.values()]
        self.group.add(sample.time, np.array(probabilities).reshape(-1, len(EMOTIONS)))
        for person, sighting in found.items():
            timeline = self.people.setdefault(person, PersonTimeline(sample.time, sample.time))
            timeline.last = sample.time
            timeline.samples += 1
            timeline.curve.add(sample.time, sighting.smoothed.probabilities[None])
        self.end = sample.time

    def finish(self, end: float) -> None:
        """Ends the timeline: the last sample counts until `end`, in seconds."""
        if self._last is not None:
            self.end = max(self.end, end)
            self._count(self._last, self.end - self._last.time)
            self._last = None

    def shares(self) -> np.ndarray:
        """Returns `(7,)`, each emotion's share of the time of all people together."""
        return _shares(sum((person.seconds for person in self.people.values()), np.zeros(7)))

    def seen_longest(self, most: int) -> list[int]:
        """Returns the sorted numbers of those who were seen longest, `most` people at most."""
        longest = sorted(self.people, key=lambda number: -self.people[number].seconds.sum())
        return sorted(longest[:most])

    def summary(self) -> FilmCounts:
        """Returns everything except the curves, as plain Python values."""
        return FilmCounts(
            samples=self.samples,
            faces=self.faces,
            faces_of_one_sample=self.alone,
            people=[
                FilmPerson(
                    person=number,
                    first_seen=round(person.first, 3),
                    last_seen=round(person.last, 3),
                    samples=person.samples,
                    seconds=round(float(person.seconds.sum()), 3),
                    share=by_emotion(person.shares()),
                )
                for number, person in sorted(self.people.items())
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
