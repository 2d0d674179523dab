"""Makes the rows of pictures, for all engines."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2

from demo.answer.as_table import FACE_COLUMNS, face_values
from demo.answer.reading import Answer, read
from demo.archive.entries import Entry
from demo.commands.maps import AttentionFolder
from demo.commands.terminal import unexpected
from demo.names import text_of
from demo.writing import Unwritable
from model import Recognizer
from model.labels import EMOTIONS
from preprocessing.limits import InvalidImage

Kind = Literal["text", "whole", "real", "truth", "time"]

# The kind and the meaning of every column.
COLUMNS: dict[str, tuple[Kind, str]] = {
    "path": ("text", "the picture's path; in a zip file, the path of the zip file comes first"),
    "face": (
        "whole",
        "1 for the leftmost face; 0 if the picture has no face; empty if it could not be read",
    ),
    "x": ("whole", "the left edge of the face's box, in pixels of the upright picture"),
    "y": ("whole", "the upper edge of the box"),
    "width": ("whole", "the width of the box"),
    "height": ("whole", "the height of the box"),
    "detection_score": (
        "real",
        "the detector's score; compare it only with scores of the same `detected_by`",
    ),
    "detected_by": ("text", "the detector that found the face"),
    **{name: ("real", f"the probability of {name}, from 0 to 1") for name in EMOTIONS},
    "emotion": ("text", "the most likely emotion"),
    "confidence": ("real", "the probability of the most likely emotion"),
    "uncertain": ("truth", "whether the confidence is too low to rely on the emotion"),
    "faces": ("whole", "the number of faces in the picture; empty if it could not be read"),
    "error": ("text", "why the picture could not be read; empty if it could be read"),
    "warning": ("text", "a problem with the file that did not prevent the reading"),
    "size": ("whole", "the size of the file in bytes"),
    "modified": ("time", "when the file was last changed, in UTC"),
}

# The values of a row, in the order of `COLUMNS`; `modified` is in microseconds since 1970.
Row = tuple[str | int | float | bool | None, ...]

_NO_FACE = (None,) * len(FACE_COLUMNS)


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
                _rows(entry, answer), None, warnings, _write_maps(self.maps, entry, answer)
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
    return Result(
        [(text_of(entry.path), None, *_NO_FACE, None, reason, None, *_file(entry))], reason
    )


def _rows(entry: Entry, answer: Answer) -> list[Row]:
    path = text_of(entry.path)
    rest = (len(answer.faces), None, " ".join(answer.picture.warnings) or None, *_file(entry))
    if not answer.faces:
        return [(path, 0, *_NO_FACE, *rest)]
    return [
        (path, number, *face_values(face), *rest)
        for number, face in enumerate(answer.faces, start=1)
    ]


def _file(entry: Entry) -> tuple[int | None, int | None]:
    return entry.size, entry.modified


def _write_maps(maps: AttentionFolder | None, entry: Entry, answer: Answer) -> tuple[str, ...]:
    sentences = []
    for number, face in enumerate(answer.faces if maps else (), start=1):
        try:
            assert maps is not None
            maps.save(Path(entry.path), number, face)
        except Unwritable as error:
            sentences.append(str(error))
    return tuple(sentences)
