"""A picture that has been found but not read yet."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from preprocessing.limits import MAX_BYTES, InvalidImage
from preprocessing.paths import read_file

# One byte above the limit: enough to recognize a file that is too large without reading it all.
MOST_BYTES = MAX_BYTES + 1

# Folders that systems fill themselves: Synology's thumbnails, Apple's metadata, and deleted files.
_OF_SYSTEMS = frozenset(["@eaDir", "__MACOSX", "#recycle", "$RECYCLE.BIN", "lost+found"])

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def is_left_out(name: str) -> bool:
    """Tells whether a file or folder with this name is hidden, or kept by the system for itself."""
    return name.startswith(".") or name in _OF_SYSTEMS


class Content(Protocol):
    """A way to get a picture's bytes; it can be sent to other processes."""

    def read(self) -> bytes:
        """Returns the bytes, `MOST_BYTES` at most.

        Raises:
            InvalidImage: the bytes cannot be read; the message is a sentence for people.
        """
        ...

    def absolute(self) -> "Content":
        """Returns the same content for a process with another current folder."""
        return self


@dataclass(frozen=True)
class Entry:
    """A picture that has been found.

    Attributes:
        path: the picture's path in messages and tables. Bytes that are not UTF-8 are surrogates, as
            Python writes them.
        size: the size of the file in bytes; None if it is unknown.
        modified: when the file was last changed, in microseconds since 1970; None if it is unknown.
        content: a way to get the picture's bytes.
    """

    path: str
    size: int | None
    modified: int | None
    content: Content


@dataclass(frozen=True)
class LocalFile(Content):
    """A file on this machine.

    Attributes:
        path: the path of the file.
    """

    path: str

    def read(self) -> bytes:
        """Returns the file's bytes."""
        return read_file(self.path)

    def absolute(self) -> "LocalFile":
        """Returns the same file with its absolute path."""
        return LocalFile(os.path.abspath(self.path))  # noqa: PTH100


@dataclass(frozen=True)
class Refused(Content):
    """A picture that must not be read.

    Attributes:
        reason: why it must not be read, as a sentence for people.
    """

    reason: str

    def read(self) -> bytes:
        """Raises InvalidImage with the reason."""
        raise InvalidImage(self.reason)


def microseconds_of(moment: datetime) -> int:
    """Returns a moment in microseconds since 1970, as `Entry.modified` counts."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment_of(microseconds: int) -> datetime:
    """Returns the moment in UTC, given the microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=microseconds)
