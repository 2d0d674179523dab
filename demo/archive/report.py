"""What a table holds, counted: as `summary.json` and as plots, in a folder beside the table."""

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from demo.archive.identity import Identity
from demo.archive.remote import address_of
from demo.archive.rows import COLUMNS, Row
from demo.archive.sources import fixed_part
from demo.archive.store import Store
from demo.writing import Unwritable
from model.labels import EMOTIONS

# Confidence is counted in steps of 5 %.
STEPS = 20

# Folders are counted one level below the input, and so many of them; the others together.
_MOST_FOLDERS = 10_000
OTHER = "other folders"

_NUMBERS = re.compile(r"\d+")
_PATH, _FACE, _EMOTION, _CONFIDENCE, _UNCERTAIN, _FACES, _ERROR = (
    list(COLUMNS).index(name)
    for name in ("path", "face", "emotion", "confidence", "uncertain", "faces", "error")
)


@dataclass
class Counts:
    """What is counted.

    Attributes:
        pictures: all, those that could not be read included.
        faces: in all pictures.
        emotions: faces by emotion.
        uncertain: faces whose answer is uncertain.
        sure: faces by emotion and step of confidence, from 0 to `STEPS` - 1.
        faces_per_picture: pictures that were read, by their number of faces.
        folders: faces by folder and emotion.
        pictures_in: pictures by folder.
        errors: pictures that were not read, by kind of error, in which numbers are written as N.
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
            rows: the table's rows.
            root: the folder above all inputs, see `root_of`.
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
        """As it stands in `summary.json`."""
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
    """The folder below which the report counts folders: the one input, or what all inputs share."""
    fixed = [fixed_part(path) for path in inputs]
    tops = [address_of(path) or str(path) for path in fixed]
    try:
        return tops[0] if len(tops) == 1 else os.path.commonpath(tops)
    except ValueError:  # relative and absolute ones, or several drives
        return ""


def folder_of(path: str, root: str) -> str:
    """The folder that a picture counts for: the first below the root, or the root itself."""
    inside = path.removeprefix(f"{root}/") if root not in ("", ".") else path
    first, slash, _ = inside.partition("/")
    return first if slash and first else "."


def write_report(store: Store, counts: Counts, identity: Identity) -> None:
    """Writes `summary.json` and the plots into a folder; older ones are replaced.

    Raises:
        OSError: something cannot be written.
    """
    # Drawing needs Matplotlib, which takes a second to load.
    from demo.archive.plots import plots

    text = json.dumps(counts.summary(identity), indent=2, ensure_ascii=False)
    store.make()
    for name, content in {"summary.json": f"{text}\n".encode(), **plots(counts)}.items():
        store.write(name, content)


def check_report(store: Store) -> None:
    """Makes sure that the folder of a new table's report is free, or holds a report.

    Raises:
        Unwritable: it holds something else.
    """
    try:
        files = store.files()
    except NotADirectoryError:
        files = [""]
    if files and not {"run.json", "summary.json"} & {*files}:
        raise Unwritable(
            f"{store.name}: The report is not written, because this is there and is no report. Name"
            " another table, or move this away."
        )


def is_report(folder: Path) -> bool:
    """Whether a folder holds a report, whose plots are no pictures to read."""
    return folder.name.endswith("-report") and (
        (folder / "run.json").is_file() or (folder / "summary.json").is_file()
    )


def _in_order(emotions: Counter[str]) -> dict[str, int]:
    return {emotion: emotions[emotion] for emotion in EMOTIONS}
