"""Messages of the commands on a terminal."""

import os
import sys

from tqdm import tqdm

from demo.names import printable

# The exit code after Ctrl-C.
INTERRUPTED = 130


def complain(message: str) -> None:
    """Writes a line to stderr, above the progress bar if there is one."""
    tqdm.write(f"{printable(message)}\n", file=sys.stderr, end="")


def unexpected(error: Exception) -> str:
    """Describes an error that the program does not expect; its type helps with bug reports."""
    return f"an unexpected error occurred ({type(error).__name__}: {error})."


def silence() -> None:
    """Redirects stdout to nowhere, because after an error Python would complain again on exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
