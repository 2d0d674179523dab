"""Reads a film from start to end: pictures at a steady rate, and the people in each."""

from collections.abc import Callable, Generator
from concurrent.futures import Future
from contextlib import closing

from demo.film.cuts import Cuts
from demo.film.reading import Film
from demo.people.tracking import People, Sample
from demo.work import cores, in_order
from model import FaceExpression
from preprocessing.images import InvalidImage, Picture

Recognize = Callable[[Picture], "Future[list[FaceExpression]]"]


def read_film(
    film: Film, recognize: Recognize, uncertain_below: float, fps: float = 5.0
) -> Generator[Sample, None, None]:
    """Reads a film, one sample at a time.

    Pictures are decoded in the caller's thread, a few ahead of the threads that read faces. A sample
    is yielded only after the next one has been read, because only then it is known which of its faces
    are people.

    Close the iterator to stop early. Readings that have not begun are then cancelled.

    Args:
        film: an open film, at its start.
        recognize: submits a picture to threads that read its faces.
        uncertain_below: the network's `Classifier.uncertain_below`.
        fps: how many pictures per second to read, see `Film.samples`.

    Yields:
        The samples in order of time.

    Example:

    ```python
    recognizer = Recognizer(min_face=80, video=True)
    with ThreadPoolExecutor() as pool, Film("party.mp4") as film:
        recognize = partial(pool.submit, recognizer.recognize)
        for sample in read_film(film, recognize, recognizer.classifier.uncertain_below):
            print(sample.time, {person: each.smoothed.emotion for person, each in sample.people().items()})
    ```
    """
    people = People(uncertain_below)
    cuts = Cuts()
    last: Sample | None = None
    for time, picture, faces in _readings(film, recognize, fps):
        cut = cuts.between(picture.pixels)
        if cut:
            people.cut()
        sample = Sample(time, picture, people.update(faces, time), cut)
        if last is not None:
            yield last
        last = sample
    if last is not None:
        yield last


def _readings(
    film: Film, recognize: Recognize, fps: float
) -> Generator[tuple[float, Picture, list[FaceExpression]], None, None]:
    """Yields pictures with their times and faces in order; every core has work and one waits."""

    def submit(sample: tuple[float, Picture]) -> "Future[list[FaceExpression]]":
        return recognize(sample[1])

    pictures = ((frame.time, film.picture(frame)) for frame in film.samples(fps))
    with closing(in_order(pictures, submit, ahead=cores() + 1)) as readings:
        for (time, picture), future in readings:
            yield time, picture, _faces(future)


def _faces(future: "Future[list[FaceExpression]]") -> list[FaceExpression]:
    """Returns the faces of a picture; none if there are too many, which must not end the film."""
    try:
        return future.result()
    except InvalidImage:
        return []
