"""What the commands say on a terminal."""

import os
import sys

from tqdm import tqdm

# The exit code after Ctrl-C.
INTERRUPTED = 130


def complain(message: str) -> None:
    """Writes a line to stderr, above a progress bar if there is one."""
    tqdm.write(f"{message}\n", file=sys.stderr, end="")


def silence() -> None:
    """Makes stdout take anything: after an error there, Python would complain once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
