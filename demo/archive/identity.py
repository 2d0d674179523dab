"""The identity of a table's rows, which keeps rows made in different ways out of one table."""

import hashlib
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from demo.writing import Unwritable
from model.classifier import describe

_ROOT = Path(__file__).parents[2]

# All sources that a row depends on; the libraries have pinned versions.
_SOURCES = (
    *("preprocessing/*.py", "preprocessing/faces/*.py", "model/*.py"),
    *("demo/answer/as_table.py", "demo/answer/reading.py"),
    *("demo/archive/columns.py", "demo/archive/rows.py"),
)


@dataclass(frozen=True)
class Identity:
    """Everything that the rows of a table depend on.

    Attributes:
        program: the shortened SHA-256 of the sources that decode, find faces and make rows. Nobody
            has to remember to raise a number.
        weights: the name of the network's weights.
        version: the version of the weights.
        sha256: the SHA-256 of the weights' file.
        detector: the name of the face detector.
        min_face: the smallest face, in pixels of a picture scaled to at most 1280.
    """

    program: str
    weights: str
    version: str
    sha256: str
    detector: str
    min_face: str

    def texts(self) -> dict[str, str]:
        """Returns the names and values for a table's metadata."""
        return asdict(self)

    def check(self, found: dict[str, str], table: str) -> None:
        """Checks that the rows of an existing table have this identity.

        Args:
            found: the metadata of the existing table.
            table: the table's name, for the message.

        Raises:
            Unwritable: the rows have another identity; the message names the differences.
        """
        own = self.texts()
        differences = [
            f"{name} {found.get(name, 'unknown')[:12]} instead of {value[:12]}"
            for name, value in own.items()
            if found.get(name) != value
        ]
        if differences:
            raise Unwritable(
                f"{table}: --resume cannot continue this table, because its rows were made in another"
                f" way: {', '.join(differences)}. Use the program and the options that made the table,"
                " or write a new table under another name."
            )


def identity_of(detector: str, min_face: int, weights: str = "resnet") -> Identity:
    """Returns the identity of rows that this program makes.

    Args:
        detector: the name of the face detector.
        min_face: the smallest face, in pixels of a picture scaled to at most 1280.
        weights: the name of the network's weights.

    Raises:
        model.InvalidWeights: the weights are missing or cannot be read.
    """
    info = describe(weights)
    return Identity(
        program=_program(),
        weights=str(info["name"]),
        version=str(info["version"]),
        sha256=str(info["sha256"]),
        detector=detector,
        min_face=str(min_face),
    )


@cache
def _program() -> str:
    found = hashlib.sha256()
    for file in sorted(file for pattern in _SOURCES for file in _ROOT.glob(pattern)):
        found.update(file.read_bytes())
    return found.hexdigest()[:16]
