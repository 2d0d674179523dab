"""An answer as rows of a table."""

from pathlib import Path

from demo.answer.reading import Answer
from demo.names import text_of
from model import FaceExpression
from model.labels import EMOTIONS

# Spreadsheets run a cell as a formula if it begins with one of these.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

FACE_COLUMNS: tuple[str, ...] = (
    *("x", "y", "width", "height", "detection_score", "detected_by"),
    *EMOTIONS,
    *("emotion", "confidence", "uncertain"),
)

CSV_COLUMNS: tuple[str, ...] = ("path", "face", *FACE_COLUMNS)


def csv_rows(path: Path, answer: Answer) -> list[list[object]]:
    """Returns one row per face with the columns `CSV_COLUMNS`; faces count from 1, left to right.

    A picture without a face gives one row with face 0 and empty columns, which sets it apart from a
    picture that was not read.
    """
    if not answer.faces:
        return [[_path_cell(path), 0, *[""] * (len(CSV_COLUMNS) - 2)]]
    return [
        [_path_cell(path), number, *face_cells(face)]
        for number, face in enumerate(answer.faces, start=1)
    ]


def _path_cell(path: Path) -> str:
    """Returns a path that no spreadsheet runs: `./=1+1.jpg`, which leads to the same file."""
    text = text_of(path)
    return f"./{text}" if text.startswith(_FORMULA) else text


def face_cells(face: FaceExpression) -> list[object]:
    """Returns a face's cells, in the order of `FACE_COLUMNS`."""
    return [
        *face.box,
        f"{face.detection_score:.4f}",
        face.detected_by,
        *(f"{value:.6f}" for value in face.probabilities),
        face.emotion,
        f"{face.confidence:.6f}",
        str(face.uncertain).lower(),
    ]
