"""The rows of a picture: the only code that makes them, in every engine."""

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

# Every column with its kind, and what it holds.
COLUMNS: dict[str, tuple[Kind, str]] = {
    "path": ("text", "the picture's path, of a zip file's members behind that of the zip file"),
    "face": (
        "whole",
        "1 for the leftmost face; 0 for a picture without a face; empty for an error",
    ),
    "x": ("whole", "left edge of the face's box, in pixels of the upright picture"),
    "y": ("whole", "its upper edge"),
    "width": ("whole", "its width"),
    "height": ("whole", "its height"),
    "detection_score": ("real", "how sure the detector is; compares within one `detected_by`"),
    "detected_by": ("text", "the detector that found the face"),
    **{name: ("real", f"the probability of {name}, from 0 to 1") for name in EMOTIONS},
    "emotion": ("text", "the most likely emotion"),
    "confidence": ("real", "its probability"),
    "uncertain": ("truth", "whether the probability is too small to rely on the answer"),
    "faces": ("whole", "how many faces the picture has; empty for an error"),
    "error": ("text", "why the picture could not be read; empty if it could"),
    "warning": ("text", "what is wrong with the file although it could be read"),
    "size": ("whole", "of the file, in bytes"),
    "modified": ("time", "when the file was last changed, UTC"),
}

# A picture's rows hold these values in the order of `COLUMNS`; `modified` in microseconds since 1970.
Row = tuple[str | int | float | bool | None, ...]

_NO_FACE = (None,) * len(FACE_COLUMNS)


@dataclass(frozen=True)
class Result:
    """What came of an entry.

    Attributes:
        rows: one for each face, or one that says that there is none or why the picture was not read.
        error: the same reason; None if the picture was read.
        warnings: sentences on a picture that was read although something is wrong with it.
        failures: sentences on maps that could not be written.
    """

    rows: list[Row]
    error: str | None = None
    warnings: Sequence[str] = ()
    failures: Sequence[str] = ()


@dataclass(frozen=True)
class Maker:
    """Makes what makes rows. It is small, and goes to every process, where the recognizer is loaded.

    Attributes:
        detector: a name of `preprocessing.faces.DETECTORS`.
        min_face: the smallest face, in pixels of a picture scaled to at most 1280.
        maps: where to write attention maps, if anywhere.
    """

    detector: str
    min_face: int
    maps: AttentionFolder | None = None

    def __call__(self) -> Callable[[Entry], Result]:
        """Loads the recognizer, and gives a function that reads an entry and never raises.

        The process must belong to nobody else: OpenCV is told to use one thread.
        """
        cv2.setNumThreads(1)
        recognizer = Recognizer(detector=self.detector, min_face=self.min_face)

        def rows(entry: Entry) -> Result:
            try:
                answer = read(recognizer, entry.content.read(), explain=self.maps is not None)
            except InvalidImage as error:
                return failure(entry, str(error))
            except Exception as error:  # A fault with one picture must not cost the others.
                sentence = unexpected(error)
                return failure(entry, sentence[0].upper() + sentence[1:])
            warnings = [f"{entry.path}: {sentence}" for sentence in answer.picture.warnings]
            return Result(
                _rows(entry, answer), None, warnings, _write_maps(self.maps, entry, answer)
            )

        return rows


@dataclass(frozen=True)
class Outcome:
    """What people are told of pictures that were read.

    Attributes:
        pictures: how many.
        failed: how many of them, and of their maps, could not be read or written.
        sentences: on these, and on pictures that were read although something is wrong with them.
    """

    pictures: int
    failed: int
    sentences: Sequence[str]

    @classmethod
    def of(cls, entry: Entry, result: Result) -> "Outcome":
        """What people are told of one picture."""
        errors = [] if result.error is None else [f"{entry.path}: {result.error}"]
        failures = [*result.failures, *errors]
        return cls(1, len(failures), [*result.warnings, *failures])


def lost(entry: Entry, end: str) -> Result:
    """The row of a picture that has killed two processes; `end` says how."""
    return failure(entry, f"The process that read this picture died twice ({end}).")


def failure(entry: Entry, reason: str) -> Result:
    """The row of a picture that could not be read."""
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
