"""What values an option may have; said with the option's type, checked in one place."""

import math
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import tyro


@dataclass(frozen=True)
class Range:
    """The numbers that an option may be."""

    least: float
    largest: float = math.inf

    def __str__(self) -> str:
        if self.largest == math.inf:
            return f"at least {self.least:g}"
        return f"from {self.least:g} to {self.largest:g}"


_SHARE, _COUNT, _ZERO_OR_MORE = Range(0, 1), Range(1), Range(0)
# Types of options; `--help` shows the range in place of the type.
Share = Annotated[float, _SHARE, tyro.conf.arg(metavar=str(_SHARE).upper())]
Count = Annotated[int, _COUNT, tyro.conf.arg(metavar=str(_COUNT).upper())]
NotNegative = Annotated[float, _ZERO_OR_MORE, tyro.conf.arg(metavar=str(_ZERO_OR_MORE).upper())]
Model = Annotated[str, tyro.conf.arg(metavar="MODEL")]
Models = Annotated[tuple[str, ...], tyro.conf.arg(metavar="MODEL ...")]


def check(options: object) -> None:
    """Checks the fields of a dataclass against the ranges and choices of their types.

    Raises:
        ValueError: a value is outside; the message names the option as the command line does.
    """
    for name, kind in get_type_hints(type(options), include_extras=True).items():
        value, option = getattr(options, name), "--" + name.replace("_", "-")
        for allowed in _ranges(kind):
            if not allowed.least <= value <= allowed.largest:
                raise ValueError(f"{option} is {value}; it is {allowed}.")
        if get_origin(kind) is Literal and value not in get_args(kind):
            choices = ", ".join(get_args(kind))
            raise ValueError(f"{option} is one of {choices}. Received: {value!r}")


def _ranges(kind: Any) -> list[Range]:
    return [each for each in getattr(kind, "__metadata__", ()) if isinstance(each, Range)]
