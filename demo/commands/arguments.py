"""What is written on the command line becomes typed values, or a sentence says why it cannot."""

import argparse
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import TypeVar

Options = TypeVar("Options")
Number = TypeVar("Number", int, float)


def typed(options: type[Options], arguments: argparse.Namespace) -> Options:
    """Makes a command's options, a dataclass, of what argparse read."""
    names = [field.name for field in fields(options)]  # type: ignore[arg-type]
    return options(**{name: getattr(arguments, name) for name in names})


def path(text: str) -> Path:
    """A path; an empty one is refused, which Python would take for the current folder."""
    if not text:
        raise argparse.ArgumentTypeError("the path is empty. Is a variable of the shell not set?")
    return Path(text)


def number(kind: Callable[[str], Number], low: float, high: float) -> Callable[[str], Number]:
    """Reads a number between two others, which may be reached.

    Args:
        kind: int or float.
        low: the smallest.
        high: the largest.
    """
    called = "a whole number" if kind is int else "a number"

    def read(text: str) -> Number:
        try:
            value = kind(text)
        except ValueError:
            value = None
        # Neither comparison holds for NaN.
        if value is None or not low <= value <= high:
            raise argparse.ArgumentTypeError(
                f"must be {called} from {low} to {high}. Received: {text}"
            )
        return value

    return read
