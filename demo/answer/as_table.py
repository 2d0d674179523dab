"""A face as cells of a table: the columns of every table of faces follow from one list."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from model import FaceExpression
from model.labels import EMOTIONS

# Spreadsheets run a cell as a formula if it begins with one of these.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Kind = Literal["text", "int32", "int64", "float32", "float64", "probability", "bool", "time"]
"""What a column holds. A probability is a float32 from 0 to 1, a time the microseconds since 1970."""

Cell = str | int | float | bool | None

Of = TypeVar("Of")
Other = TypeVar("Other")


@dataclass(frozen=True)
class Column(Generic[Of]):
    """A column of a table.

    Attributes:
        name: the column's name.
        kind: what the column holds.
        meaning: the column's meaning in a few words, which begin in lower case.
        value: returns the column's value for whatever the row is about.
        digits: the digits after the point of floats and probabilities in a CSV file.
    """

    name: str
    kind: Kind
    meaning: str
    value: Callable[[Of], Cell]
    digits: int = 6

    def text(self, value: Cell) -> str:
        """Writes a value as text, and None as nothing."""
        if value is None:
            return ""
        if self.kind == "bool":
            return str(value).lower()
        if self.kind in ("float32", "float64", "probability"):
            return f"{value:.{self.digits}f}"
        return str(value)

    def within(self, part: Callable[[Other], Of | None]) -> "Column[Other]":
        """Returns the same column for rows about something larger.

        Args:
            part: gives the part of a row that the column is about; the cell is empty if it gives None.
        """

        def value(whole: Other) -> Cell:
            found = part(whole)
            return None if found is None else self.value(found)

        return Column(self.name, self.kind, self.meaning, value, self.digits)


def _probability(index: int, emotion: str) -> Column[FaceExpression]:
    meaning = f"the probability of {emotion}, from 0 to 1"
    return Column(emotion, "probability", meaning, lambda face: float(face.probabilities[index]))


# The columns of a face. CSV and Parquet files, the film's table and its description in OpenAPI follow
# this list. So do the page's tables, with those columns that a face's JSON has too.
FACE_COLUMNS: tuple[Column[FaceExpression], ...] = (
    Column(
        "x",
        "int32",
        "the left edge of the face's box, in pixels of the upright picture",
        lambda face: int(face.box[0]),
    ),
    Column("y", "int32", "the upper edge of the box", lambda face: int(face.box[1])),
    Column("width", "int32", "the width of the box", lambda face: int(face.box[2])),
    Column("height", "int32", "the height of the box", lambda face: int(face.box[3])),
    Column(
        "detection_score",
        "float32",
        "the detector's score; compare it only with scores of the same `detected_by`",
        lambda face: float(face.detection_score),
        digits=4,
    ),
    Column(
        "detected_by", "text", "the detector that found the face", lambda face: face.detected_by
    ),
    *(_probability(*pair) for pair in enumerate(EMOTIONS)),
    Column("emotion", "text", "the most likely emotion", lambda face: face.emotion),
    Column(
        "confidence",
        "probability",
        "the probability of the most likely emotion",
        lambda face: float(face.confidence),
    ),
    Column(
        "uncertain",
        "bool",
        "whether the confidence is too low to rely on the emotion",
        lambda face: bool(face.uncertain),
    ),
)

# The first columns of the page's table and of the tables of `classify`.
CSV_COLUMNS: tuple[str, ...] = ("path", "face", *(column.name for column in FACE_COLUMNS))


def guarded(text: str) -> str:
    """Returns a path that no spreadsheet runs: `./=1+1.jpg`, which leads to the same file."""
    return f"./{text}" if text.startswith(_FORMULA) else text


def unguarded(text: str) -> str:
    """Returns the path that `guarded` got."""
    bare = text.removeprefix("./")
    return bare if bare.startswith(_FORMULA) else text
