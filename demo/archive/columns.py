"""The columns of an archive's table."""

from collections.abc import Iterator
from dataclasses import dataclass

from demo.answer.as_table import FACE_COLUMNS, Cell, Column
from demo.answer.reading import Answer
from demo.archive.entries import Entry
from demo.names import text_of
from model import FaceExpression

# The values of a row, in the order of `COLUMNS`.
Row = tuple[Cell, ...]


@dataclass(frozen=True, eq=False)
class _Line:
    """What a row is about.

    Attributes:
        entry: the picture.
        answer: the picture and its faces; None if it could not be read.
        number: the face's number, from 1; 0 if the picture has no face.
        error: why the picture could not be read.
    """

    entry: Entry
    answer: Answer | None = None
    number: int | None = None
    error: str | None = None

    @property
    def face(self) -> FaceExpression | None:
        return self.answer.faces[self.number - 1] if self.answer and self.number else None

    @property
    def faces(self) -> int | None:
        return None if self.answer is None else len(self.answer.faces)

    @property
    def warning(self) -> str | None:
        return None if self.answer is None else " ".join(self.answer.picture.warnings) or None


_COLUMNS: tuple[Column[_Line], ...] = (
    Column(
        "path",
        "text",
        "the picture's path; in a zip file, the path of the zip file comes first",
        lambda line: text_of(line.entry.path),
    ),
    Column(
        "face",
        "int32",
        "1 for the leftmost face; 0 if the picture has no face; empty if it could not be read",
        lambda line: line.number,
    ),
    *(column.within(lambda line: line.face) for column in FACE_COLUMNS),
    Column(
        "faces",
        "int32",
        "the number of faces in the picture; empty if it could not be read",
        lambda line: line.faces,
    ),
    Column(
        "error",
        "text",
        "why the picture could not be read; empty if it could be read",
        lambda line: line.error,
    ),
    Column(
        "warning",
        "text",
        "a problem with the file that did not prevent the reading",
        lambda line: line.warning,
    ),
    Column("size", "int64", "the size of the file in bytes", lambda line: line.entry.size),
    Column(
        "modified",
        "time",
        "when the file was last changed, in UTC",
        lambda line: line.entry.modified,
    ),
)

COLUMNS = {column.name: column for column in _COLUMNS}


def rows_of(entry: Entry, answer: Answer) -> list[Row]:
    """Returns the rows of a picture: one per face, or a single row if it has no face."""
    numbers = range(1, len(answer.faces) + 1) if answer.faces else (0,)
    return [tuple(_values(_Line(entry, answer, number))) for number in numbers]


def row_without_answer(entry: Entry, error: str) -> Row:
    """Returns the row of a picture that could not be read, with the reason."""
    return tuple(_values(_Line(entry, error=error)))


def _values(line: _Line) -> Iterator[Cell]:
    return (column.value(line) for column in _COLUMNS)
