"""A picture that has been found but not read yet."""

import os
from dataclasses import dataclass
from typing import Protocol

from preprocessing.limits import MAX_BYTES, InvalidImage
from preprocessing.paths import read_file

# One byte more than is allowed, so that a file that is too large is known without reading it all.
MOST_BYTES = MAX_BYTES + 1


# Systems keep thumbnails (Synology, macOS) and deleted files in these folders.
_OF_SYSTEMS = frozenset(["@eaDir", "__MACOSX", "#recycle", "$RECYCLE.BIN", "lost+found"])


def is_left_out(name: str) -> bool:
    """Whether a file or folder of this name is hidden, or one that systems keep for themselves."""
    return name.startswith(".") or name in _OF_SYSTEMS


class Content(Protocol):
    """A way to a picture's bytes, which can be sent to another process."""

    def read(self) -> bytes:
        """Gives at most `MOST_BYTES` bytes.

        Raises:
            InvalidImage: they cannot be read; the message is a sentence.
        """
        ...

    def absolute(self) -> "Content":
        """The same, for a process whose current folder is another."""
        ...


@dataclass(frozen=True)
class Entry:
    """A picture that has been found.

    Attributes:
        path: the picture's path in messages and tables. Bytes that are not UTF-8 are surrogates.
        size: the file's length in bytes; None if unknown.
        modified: the time of the file's last change, in microseconds since 1970; None if unknown.
        content: gives access to the file's bytes.
    """

    path: str
    size: int | None
    modified: int | None
    content: Content


@dataclass(frozen=True)
class LocalFile:
    """A file of this machine."""

    path: str

    def read(self) -> bytes:
        """Reads the file."""
        return read_file(self.path)

    def absolute(self) -> "LocalFile":
        """The same by its absolute path."""
        return LocalFile(os.path.abspath(self.path))  # noqa: PTH100


@dataclass(frozen=True)
class Refused:
    """What is not read at all."""

    reason: str

    def read(self) -> bytes:
        """Raises the reason."""
        raise InvalidImage(self.reason)

    def absolute(self) -> "Refused":
        """Itself."""
        return self
