"""The options that say where FER-2013 lies."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

if TYPE_CHECKING:
    from preprocessing.fer2013 import Fer2013


@dataclass(frozen=True)
class Source:
    """FER-2013 and its votes, as files."""

    data: Path
    """fer2013.csv[.gz], or the folder of the same data."""

    votes: Annotated[Path | None, tyro.conf.arg(metavar="PATH")] = None
    """fer2013new.csv (FER+). By default the one beside --data, if there is one."""

    def load(self) -> "Fer2013":
        """Reads FER-2013.

        Raises:
            preprocessing.fer2013.InvalidDataset: a file is missing or malformed.
        """
        from preprocessing import fer2013

        votes, beside = self.votes, self.data.parent / "fer2013new.csv"
        if votes is None and self.data.is_file() and beside.exists():
            votes = beside
        print(f"data {self.data}, votes {votes or 'none'}", flush=True)
        return fer2013.load(self.data, votes)


# As a field of a command: its options stand among the command's own.
Sourced = Annotated[Source, tyro.conf.arg(name="")]
