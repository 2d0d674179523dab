"""The report on a table: its counts as `summary.json` and as plots, in a folder beside the table."""

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from demo.archive.columns import COLUMNS, Row
from demo.archive.identity import Identity
from demo.archive.remote import address_of
from demo.archive.sources import fixed_part
from demo.archive.store import Store, store_of
from demo.writing import Unwritable
from model.labels import EMOTIONS

# Confidence is counted in steps of 5 %.
STEPS = 20

# Only folders one level below the input are counted. Those beyond this number share one count.
_MOST_FOLDERS = 10_000
OTHER = "other folders"

_NUMBERS = re.compile(r"\d+")
_PATH, _FACE, _EMOTION, _CONFIDENCE, _UNCERTAIN, _FACES, _ERROR = (
    list(COLUMNS).index(name)
    for name in ("path", "face", "emotion", "confidence", "uncertain", "faces", "error")
)


@dataclass
class Counts:
    """The counts of a table.

    Attributes:
        pictures: the number of all pictures, also of unreadable ones.
        faces: the number of faces in all pictures.
        emotions: the number of faces by emotion.
        uncertain: the number of faces with an uncertain answer.
        sure: the number of faces by emotion and step of confidence, from 0 to `STEPS` - 1.
        faces_per_picture: the number of readable pictures by their number of faces.
        folders: the number of faces by folder and emotion.
        pictures_in: the number of pictures by folder.
        errors: the number of unreadable pictures by error; numbers in an error become N.
    """

    pictures: int = 0
    faces: int = 0
    emotions: Counter[str] = field(default_factory=Counter)
    uncertain: int = 0
    sure: Counter[tuple[str, int]] = field(default_factory=Counter)
    faces_per_picture: Counter[int] = field(default_factory=Counter)
    folders: dict[str, Counter[str]] = field(default_factory=dict)
    pictures_in: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, rows: Iterable[Row], root: str) -> "Counts":
        """Counts rows.

        Args:
            rows: the rows of a table.
            root: the folder above all inputs; see `root_of`.
        """
        counts = cls()
        for row in rows:
            counts._add(row, root)
        return counts

    def _add(self, row: Row, root: str) -> None:
        folder = folder_of(str(row[_PATH]), root)
        if folder not in self.pictures_in and len(self.pictures_in) >= _MOST_FOLDERS:
            folder = OTHER
        if row[_FACE] in (None, 0, 1):
            self.pictures += 1
            self.pictures_in[folder] += 1
            if row[_ERROR] is not None:
                self.errors[_NUMBERS.sub("N", str(row[_ERROR]))] += 1
            else:
                self.faces_per_picture[int(row[_FACES] or 0)] += 1
        if row[_FACE]:
            emotion, confidence = str(row[_EMOTION]), float(row[_CONFIDENCE] or 0)
            self.faces += 1
            self.emotions[emotion] += 1
            self.uncertain += bool(row[_UNCERTAIN])
            self.sure[emotion, min(STEPS - 1, int(confidence * STEPS))] += 1
            self.folders.setdefault(folder, Counter())[emotion] += 1

    def summary(self, identity: Identity) -> dict[str, Any]:
        """Returns the content of `summary.json`."""
        return {
            "pictures": self.pictures,
            "pictures_read": self.faces_per_picture.total(),
            "pictures_not_read": self.errors.total(),
            "faces": self.faces,
            "emotions": _in_order(self.emotions),
            "uncertain_faces": self.uncertain,
            "faces_by_confidence": {
                f"{step / STEPS:.2f}": sum(self.sure[emotion, step] for emotion in EMOTIONS)
                for step in range(STEPS)
            },
            "pictures_by_number_of_faces": {
                str(number): self.faces_per_picture[number]
                for number in sorted(self.faces_per_picture)
            },
            "folders": {
                folder: {
                    "pictures": count,
                    "emotions": _in_order(self.folders.get(folder, Counter())),
                }
                for folder, count in self.pictures_in.most_common()
            },
            "errors": dict(self.errors.most_common()),
            "made_by": identity.texts(),
        }


def root_of(inputs: Sequence[Path]) -> str:
    """Returns the folder above the folders to count: the only input, or the parent of all inputs."""
    fixed = [fixed_part(path) for path in inputs]
    tops = [address_of(path) or str(path) for path in fixed]
    try:
        return tops[0] if len(tops) == 1 else os.path.commonpath(tops)
    except ValueError:  # The inputs mix relative and absolute paths, or several drives.
        return ""


def folder_of(path: str, root: str) -> str:
    """Returns a picture's folder in the report: the first one below the root, or "." for the root."""
    inside = path.removeprefix(f"{root}/") if root not in ("", ".") else path
    first, slash, _ = inside.partition("/")
    return first if slash and first else "."


def write_report(store: Store, counts: Counts, identity: Identity) -> None:
    """Writes `summary.json` and the plots into a folder and replaces older ones.

    Raises:
        OSError: a file cannot be written.
    """
    # The plots need Matplotlib, which takes a second to load.
    from demo.archive.plots import plots

    text = json.dumps(counts.summary(identity), indent=2, ensure_ascii=False)
    store.make()
    for name, content in {"summary.json": f"{text}\n".encode(), **plots(counts)}.items():
        store.write(name, content)


def check_report(store: Store) -> None:
    """Checks that the folder for a new table's report is free, or holds an older report.

    Raises:
        Unwritable: the folder holds something else.
    """
    try:
        files = store.files()
    except NotADirectoryError:
        files = [""]
    if files and not {"run.json", "summary.json"} & {*files}:
        raise Unwritable(
            f"{store.name}: The report is not written, because this exists and is not a report. Give the"
            " table another name, or move this away."
        )


def skip_report(folder: Path) -> str | None:
    """Tells why a folder is not read, if it holds a report: its plots are not pictures to read.

    Args:
        folder: the path of a folder or file, or its address in a bucket.

    Returns:
        A sentence for people; "" if the report has no plots yet, None if this is not a report.
    """
    if not folder.name.endswith("-report"):
        return None
    store = store_of(folder)
    try:
        files = store.files()
    except OSError:  # This is a file, or a folder that may not be read.
        return None
    if "summary.json" in files:
        return f"{store.name}: This folder holds the report on a table, so its plots are not read."
    return "" if "run.json" in files else None


def _in_order(emotions: Counter[str]) -> dict[str, int]:
    return {emotion: emotions[emotion] for emotion in EMOTIONS}
