"""What the commands say on a terminal."""

import os
import sys

from tqdm import tqdm

from demo.names import printable

# The exit code after Ctrl-C.
INTERRUPTED = 130


def complain(message: str) -> None:
    """Writes a line to stderr, above a progress bar if there is one."""
    tqdm.write(f"{printable(message)}\n", file=sys.stderr, end="")


def unexpected(error: Exception) -> str:
    """A sentence for an error that this program does not know; its kind helps whoever reports it."""
    return f"an unexpected error occurred ({type(error).__name__}: {error})."


def silence() -> None:
    """Makes stdout take anything: after an error there, Python would complain once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
