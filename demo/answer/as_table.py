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

# What the page's table and those of `classify` begin with.
CSV_COLUMNS: tuple[str, ...] = ("path", "face", *FACE_COLUMNS)


def face_values(face: FaceExpression) -> tuple[str | int | float | bool, ...]:
    """A face's values, in the order of `FACE_COLUMNS`."""
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
    """The same as text."""
    return [cell(*pair) for pair in zip(FACE_COLUMNS, face_values(face), strict=True)]


def cell(column: str, value: str | int | float | bool | None) -> str:
    """A value as text: probabilities to six digits, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.{4 if column == 'detection_score' else 6}f}"
    return str(value)


def guarded(text: str) -> str:
    """A path that no spreadsheet runs: `./=1+1.jpg`, which is the same file to every program."""
    return f"./{text}" if text.startswith(_FORMULA) else text


def unguarded(text: str) -> str:
    """The path that `guarded` was given."""
    bare = text.removeprefix("./")
    return bare if bare.startswith(_FORMULA) else text
