r"""File names as text, and checks of the files they lead to."""

import os
import re
from pathlib import Path

# Most file systems store names as bytes. Python replaces each byte that is not UTF-8 with one of these.
_NO_TEXT = re.compile("[\ud800-\udfff]")
_NOT_PRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def text_of(name: str | os.PathLike[str]) -> str:
    r"""Returns a name as text that can be written to any file.

    Bytes that are not UTF-8 are escaped as in a shell's `$'caf\xe9.jpg'`. Everything else stays.
    """
    return _NO_TEXT.sub(_escaped, os.fspath(name))


def printable(name: str | os.PathLike[str]) -> str:
    """Escapes line breaks and terminal control codes in a name or in a sentence with names."""
    return _NOT_PRINTABLE.sub(_escaped, os.fspath(name))


def is_folder(path: Path) -> bool:
    """Tells whether a path leads to a folder; False if the system cannot say."""
    try:
        return path.is_dir()
    except OSError:  # The name is too long, or a folder above it may not be read.
        return False


def is_same(file: Path, other: Path) -> bool:
    """Tells whether two paths lead to the same file, also through links; False if one is missing."""
    try:
        return file.samefile(other)
    except OSError:
        return False


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
