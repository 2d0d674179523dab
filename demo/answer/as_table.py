"""An answer as rows of a table."""

from pathlib import Path

from demo.answer.reading import Answer
from demo.names import text_of
from model import FaceExpression
from model.labels import EMOTIONS

# A spreadsheet runs a cell that begins so.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

FACE_COLUMNS: tuple[str, ...] = (
    *("x", "y", "width", "height", "detection_score", "detected_by"),
    *EMOTIONS,
    *("emotion", "confidence", "uncertain"),
)

CSV_COLUMNS: tuple[str, ...] = ("path", "face", *FACE_COLUMNS)


def csv_rows(path: Path, answer: Answer) -> list[list[object]]:
    """One row per face, from left to right and counted from 1, in the order of `CSV_COLUMNS`.

    A picture without a face gives one row with face 0 and nothing in the other columns, so that it
    cannot be mistaken for a picture that was not read.
    """
    if not answer.faces:
        return [[_path_cell(path), 0, *[""] * (len(CSV_COLUMNS) - 2)]]
    return [
        [_path_cell(path), number, *face_cells(face)]
        for number, face in enumerate(answer.faces, start=1)
    ]


def _path_cell(path: Path) -> str:
    """A path that no spreadsheet runs: `./=1+1.jpg`, which is the same file to every program."""
    text = text_of(path)
    return f"./{text}" if text.startswith(_FORMULA) else text


def face_cells(face: FaceExpression) -> list[object]:
    """A face's cells, in the order of `FACE_COLUMNS`."""
    return [
        *face.box,
        f"{face.detection_score:.4f}",
        face.detected_by,
        *(f"{value:.6f}" for value in face.probabilities),
        face.emotion,
        f"{face.confidence:.6f}",
        str(face.uncertain).lower(),
    ]
