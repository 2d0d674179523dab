"""A face as cells of a table."""

from model import FaceExpression
from model.labels import EMOTIONS

# Spreadsheets run a cell as a formula if it begins with one of these.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

FACE_COLUMNS: tuple[str, ...] = (
    *("x", "y", "width", "height", "detection_score", "detected_by"),
    *EMOTIONS,
    *("emotion", "confidence", "uncertain"),
)

# The first columns of the page's table and of the tables of `classify`.
CSV_COLUMNS: tuple[str, ...] = ("path", "face", *FACE_COLUMNS)


def face_values(face: FaceExpression) -> tuple[str | int | float | bool, ...]:
    """Returns a face's values, in the order of `FACE_COLUMNS`."""
    return (
        *map(int, face.box),
        float(face.detection_score),
        face.detected_by,
        *map(float, face.probabilities),
        face.emotion,
        float(face.confidence),
        bool(face.uncertain),
    )


def face_cells(face: FaceExpression) -> list[str]:
    """Returns a face's values as text, in the order of `FACE_COLUMNS`."""
    return [cell(*pair) for pair in zip(FACE_COLUMNS, face_values(face), strict=True)]


def cell(column: str, value: str | int | float | bool | None) -> str:
    """Writes a value as text: probabilities with six digits, and None as nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.{4 if column == 'detection_score' else 6}f}"
    return str(value)


def guarded(text: str) -> str:
    """Returns a path that no spreadsheet runs: `./=1+1.jpg`, which leads to the same file."""
    return f"./{text}" if text.startswith(_FORMULA) else text


def unguarded(text: str) -> str:
    """Returns the path that `guarded` got."""
    bare = text.removeprefix("./")
    return bare if bare.startswith(_FORMULA) else text
