"""Which pictures a table holds already."""

from array import array
from hashlib import blake2b
from typing import Literal

import numpy as np

from demo.archive.entries import Entry
from demo.names import text_of

State = Literal["new", "done", "changed"]


class Done:
    """Remembers pictures in 16 bytes each: a hash of the path, and one of size and modification time.

    Of forty million pictures, the chance that any two paths have one hash is 1 in 20,000.
    """

    def __init__(self) -> None:
        self._added_paths, self._added_stamps = array("Q"), array("Q")
        self._paths = self._stamps = np.zeros(0, np.uint64)
        self._changed = np.zeros(0, bool)

    def add(self, path: str, size: object, modified: object) -> None:
        """Remembers a picture; `path` is what `text_of` makes of it."""
        self._added_paths.append(_hash(path))
        self._added_stamps.append(_hash(f"{size} {modified}"))

    def __len__(self) -> int:
        """How many pictures there are."""
        self._sort()
        return len(self._paths)

    def state(self, entry: Entry) -> State:
        """Whether a picture is new, done, or done but has changed since, which is remembered.

        One whose size and time are not known has always changed.
        """
        index = self._find(text_of(entry.path))
        if index is None:
            return "new"
        stamp = _hash(f"{entry.size} {entry.modified}")
        if entry.modified is not None and self._stamps[index] == stamp:
            return "done"
        self._changed[index] = True
        return "changed"

    def is_stale(self, path: str) -> bool:
        """Whether a picture of this path was found to have changed."""
        index = self._find(path)
        return index is not None and bool(self._changed[index])

    @property
    def any_stale(self) -> bool:
        """Whether any picture was found to have changed."""
        return bool(self._changed.any())

    def _find(self, path: str) -> int | None:
        self._sort()
        wanted = np.uint64(_hash(path))
        index = int(self._paths.searchsorted(wanted))
        return index if index < len(self._paths) and self._paths[index] == wanted else None

    def _sort(self) -> None:
        if not self._added_paths:
            return
        added = np.frombuffer(self._added_paths, np.uint64)
        stamps = np.frombuffer(self._added_stamps, np.uint64)
        # A picture's rows all add it, with one stamp.
        self._paths, first = np.unique(np.concatenate([self._paths, added]), return_index=True)
        self._stamps = np.concatenate([self._stamps, stamps])[first]
        self._changed = np.zeros(len(self._paths), bool)
        del added, stamps
        self._added_paths, self._added_stamps = array("Q"), array("Q")


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")
