r"""Names of files: as text, and what they lead to."""

import os
import re
from pathlib import Path

# To most file systems a name is bytes. For each that is no UTF-8 Python puts one of these.
_NO_TEXT = re.compile("[\ud800-\udfff]")
_NOT_PRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def text_of(name: str | os.PathLike[str]) -> str:
    r"""A name as text that every file and every reader takes.

    Bytes that are no UTF-8 are written as a shell's `$'caf\xe9.jpg'` has them. All else stays.
    """
    return _NO_TEXT.sub(_escaped, os.fspath(name))


def printable(name: str | os.PathLike[str]) -> str:
    """A name, or a sentence with names in it, on one line and without commands to a terminal."""
    return _NOT_PRINTABLE.sub(_escaped, os.fspath(name))


def is_folder(path: Path) -> bool:
    """Whether a path leads to a folder; False where that cannot be found out."""
    try:
        return path.is_dir()
    except OSError:  # A name that is too long, a folder on the way that is closed.
        return False


def is_same(file: Path, other: Path) -> bool:
    """Whether two paths lead to one file, through links too; False where one leads nowhere."""
    try:
        return file.samefile(other)
    except OSError:
        return False


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
