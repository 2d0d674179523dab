"""Reads a picture's file, or raises an error that says why it cannot be read."""

import re
from pathlib import Path
from typing import BinaryIO

from preprocessing.limits import MAX_BYTES, InvalidImage

# What programs pass by mistake in place of a path: web addresses, and pictures encoded as text.
_ADDRESS = re.compile(r"data:|[a-z][a-z0-9+.-]+:/", re.IGNORECASE)
_LONGEST_NAME = 1000


def message_prefix(path: str) -> str:
    """The path as the beginning of a message; very long ones are shortened."""
    shown = path if len(path) <= _LONGEST_NAME else f"{path[:60]}..."
    return f"{shown}: " if path else ""


def read_file(name: str) -> bytes:
    """Reads a file, at most one byte more than `MAX_BYTES`.

    Raises:
        InvalidImage: there is no such file, or it cannot be opened.
    """
    if not name:
        raise InvalidImage("The path of the picture is empty.")
    if _ADDRESS.match(name):
        raise InvalidImage("This is an address, not a file. Give the picture's path or its bytes.")
    with open_file(Path(name), "picture", InvalidImage) as file:
        try:
            return file.read(MAX_BYTES + 1)
        except OSError as error:
            raise InvalidImage(f"The file cannot be read ({_reason(error)}).") from error


def open_file(path: Path, kind: str, invalid: type[ValueError]) -> BinaryIO:
    """Opens an ordinary file for reading.

    Args:
        path: the file. A folder, a pipe or a device is refused before it is opened.
        kind: what the file should hold, for the message: "picture" or "film".
        invalid: the error to raise, with a sentence for people.
    """
    try:
        if path.is_dir():
            raise invalid(f"This is a folder, not a {kind}.")
        if not path.exists():
            raise invalid("There is no such file.")
        if not path.is_file():
            raise invalid("This is not an ordinary file.")
        return path.open("rb")
    except OSError as error:
        raise invalid(f"The file cannot be opened ({_reason(error)}).") from error


def _reason(error: OSError) -> str:
    return (error.strerror or "unknown error").lower()
