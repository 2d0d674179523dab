"""Remembers the pictures that a table already holds."""

from array import array
from hashlib import blake2b
from typing import Literal

import numpy as np

from demo.archive.entries import Entry
from demo.names import text_of

State = Literal["new", "done", "changed"]


class Done:
    """The pictures in a table, in 16 bytes each: one hash of the path, one of the size and the time.

    Among forty million pictures, the chance that any two paths share a hash is 1 in 20,000.
    """

    def __init__(self) -> None:
        self._added_paths, self._added_stamps = array("Q"), array("Q")
        self._paths = self._stamps = np.zeros(0, np.uint64)
        self._changed = np.zeros(0, bool)

    def add(self, path: str, size: object, modified: object) -> None:
        """Remembers a picture.

        Args:
            path: the picture's path, as `text_of` returns it.
            size: the size of the file in bytes.
            modified: when the file was last changed, in microseconds since 1970.
        """
        self._added_paths.append(_hash(path))
        self._added_stamps.append(_hash(f"{size} {modified}"))

    def __len__(self) -> int:
        """Returns the number of pictures."""
        self._sort()
        return len(self._paths)

    def state(self, entry: Entry) -> State:
        """Tells whether a picture is new, done, or changed since it was done.

        Changed pictures are remembered for `is_stale`. A picture with an unknown modification time
        counts as changed.
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
        """Tells whether `state` found that the picture with this path has changed."""
        index = self._find(path)
        return index is not None and bool(self._changed[index])

    @property
    def any_stale(self) -> bool:
        """Whether `state` found any changed picture."""
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
        # A picture is added once per row, always with the same stamp.
        self._paths, first = np.unique(np.concatenate([self._paths, added]), return_index=True)
        self._stamps = np.concatenate([self._stamps, stamps])[first]
        self._changed = np.zeros(len(self._paths), bool)
        del added, stamps
        self._added_paths, self._added_stamps = array("Q"), array("Q")


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")
