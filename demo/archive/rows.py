"""Makes the rows of pictures, for all engines."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2

from demo.answer.reading import Answer, read
from demo.archive.columns import Row, row_without_answer, rows_of
from demo.archive.entries import Entry
from demo.commands.maps import AttentionFolder
from demo.commands.terminal import unexpected
from demo.writing import Unwritable
from model import Recognizer
from preprocessing.limits import InvalidImage


@dataclass(frozen=True)
class Result:
    """The result of reading a picture.

    Attributes:
        rows: one row per face; a single row if there is no face or the picture could not be read.
        error: why the picture could not be read; None if it was read.
        warnings: sentences on problems with a picture that was read anyway.
        failures: sentences on attention maps that could not be written.
    """

    rows: list[Row]
    error: str | None = None
    warnings: Sequence[str] = ()
    failures: Sequence[str] = ()


@dataclass(frozen=True)
class Maker:
    """Makes the function that makes rows. It is small, so it can be sent to every process.

    Attributes:
        detector: a name of `preprocessing.faces.DETECTORS`.
        min_face: the smallest face, in pixels of a picture scaled to at most 1280.
        maps: the folder for attention maps; None writes no maps.
    """

    detector: str
    min_face: int
    maps: AttentionFolder | None = None

    def __call__(self) -> Callable[[Entry], Result]:
        """Loads the recognizer, and returns a function that reads an entry and never raises.

        Call it only in a process that does nothing else: it limits OpenCV to one thread.
        """
        cv2.setNumThreads(1)
        recognizer = Recognizer(detector=self.detector, min_face=self.min_face)

        def rows(entry: Entry) -> Result:
            try:
                answer = read(recognizer, entry.content.read(), explain=self.maps is not None)
            except InvalidImage as error:
                return failure(entry, str(error))
            except Exception as error:  # One bad picture must not stop the others.
                sentence = unexpected(error)
                return failure(entry, sentence[0].upper() + sentence[1:])
            warnings = [f"{entry.path}: {sentence}" for sentence in answer.picture.warnings]
            return Result(
                rows_of(entry, answer), None, warnings, _write_maps(self.maps, entry, answer)
            )

        return rows


@dataclass(frozen=True)
class Outcome:
    """The outcome of reading one or more pictures, for messages and for the exit code.

    Attributes:
        pictures: the number of pictures.
        failed: the number of pictures that could not be read and of maps that could not be written.
        sentences: sentences on these failures, and on problems with pictures that were read anyway.
    """

    pictures: int
    failed: int
    sentences: Sequence[str]

    @classmethod
    def of(cls, entry: Entry, result: Result) -> "Outcome":
        """Returns the outcome of one picture."""
        errors = [] if result.error is None else [f"{entry.path}: {result.error}"]
        failures = [*result.failures, *errors]
        return cls(1, len(failures), [*result.warnings, *failures])


def lost(entry: Entry, end: str) -> Result:
    """Returns the row of a picture that killed two processes.

    Args:
        entry: the picture.
        end: how the second process ended, such as "killed by signal 9".
    """
    return failure(entry, f"The process that read this picture died twice ({end}).")


def failure(entry: Entry, reason: str) -> Result:
    """Returns the row of a picture that could not be read."""
    return Result([row_without_answer(entry, reason)], reason)


def _write_maps(maps: AttentionFolder | None, entry: Entry, answer: Answer) -> tuple[str, ...]:
    sentences = []
    for number, face in enumerate(answer.faces if maps else (), start=1):
        try:
            assert maps is not None
            maps.save(Path(entry.path), number, face)
        except Unwritable as error:
            sentences.append(str(error))
    return tuple(sentences)
