"""Writes files whole or not at all, and defines the error for files that cannot be written."""

import secrets
from pathlib import Path


class Unwritable(Exception):
    """Something cannot or must not be written; the message is a sentence for people."""


def write_whole(file: Path, content: bytes) -> None:
    """Writes a file so that nobody ever sees half of it; an older file is replaced.

    Raises:
        OSError: the file cannot be written; the older file is still there.
    """
    # A random name avoids clashes. The dot hides the file from listings of pictures.
    partial = file.with_name(f".{secrets.token_hex(8)}.partial")
    try:
        with partial.open("xb") as stream:
            stream.write(content)
        partial.replace(file)
    except OSError as error:
        error.filename = str(file)  # The random name would mean nothing to the user.
        raise
    finally:
        partial.unlink(missing_ok=True)
