"""Turns command-line arguments into typed values, or says in a sentence why it cannot."""

import argparse
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import TypeVar

Options = TypeVar("Options")
Number = TypeVar("Number", int, float)


def typed(options: type[Options], arguments: argparse.Namespace) -> Options:
    """Builds a command's options, a dataclass, from the namespace of argparse."""
    names = [field.name for field in fields(options)]  # type: ignore[arg-type]
    return options(**{name: getattr(arguments, name) for name in names})


def path(text: str) -> Path:
    """Reads a path; refuses an empty one, which Python would take for the current folder."""
    if not text:
        raise argparse.ArgumentTypeError("the path is empty. Is a shell variable not set?")
    return Path(text)


def number(kind: Callable[[str], Number], low: float, high: float) -> Callable[[str], Number]:
    """Returns a function that reads a number within limits.

    Args:
        kind: int or float.
        low: the smallest allowed number.
        high: the largest allowed number.
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
