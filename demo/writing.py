"""Writing files: whole or not at all, and the error for what cannot or must not be written."""

import secrets
from pathlib import Path


class Unwritable(Exception):
    """Something cannot be written, or must not be; the message is a sentence for people."""


def write_whole(file: Path, content: bytes) -> None:
    """Writes a file so that nobody ever finds a part of it; an older one is replaced.

    Raises:
        OSError: it cannot be written; the older one is still there.
    """
    # A name that nobody else has, hidden from listings of pictures.
    partial = file.with_name(f".{secrets.token_hex(8)}.partial")
    try:
        with partial.open("xb") as stream:
            stream.write(content)
        partial.replace(file)
    except OSError as error:
        error.filename = str(file)  # Nobody knows the other name.
        raise
    finally:
        partial.unlink(missing_ok=True)
