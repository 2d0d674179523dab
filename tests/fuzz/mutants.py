"""Mutated pictures, drawn by Hypothesis, which can repeat them from a seed and shrink them.

Atheris was tried instead: in 40 s its 65,855 runs raised the coverage, which is of Pillow's Python
alone and not of the C libraries that decode, from 941 to 1,002, and of the 468 files it kept 2
were still pictures. It also decodes in its own process, which a crash ends.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from hypothesis.vendor.pretty import RepresentationPrinter

from tests.fuzz.pictures import pictures
from tests.fuzz.segments import Span, segments, with_sound_checksums

# Mutants stay below this, so that they are decoded in milliseconds unless something is wrong.
_MAX_BYTES = 400_000

# Values that code for lengths, sizes and offsets often mishandles.
_EXTREMES = (0, 1, 2, 255, 256, 7999, 8000, 16383, 32767, 32768, 65500, 65535)
_LARGE_EXTREMES = (2**24, 2**31 - 1, 2**31, 2**32 - 16, 2**32 - 1)
_BYTES = (0, 1, 0x7F, 0x80, 0xDA, 0xFE, 0xFF)

# The number of random bytes for a mutation; each choice takes two.
_CHANCE = 16

_Option = TypeVar("_Option")


@dataclass(frozen=True, repr=False)
class Mutant:
    """A mutated file.

    Attributes:
        source: the name of the picture it is made from.
        steps: the mutations, in order.
        data: the file.
    """

    source: str
    steps: tuple[str, ...]
    data: bytes

    def __repr__(self) -> str:
        return f"{self.source} ({', '.join(self.steps)})"

    def _repr_pretty_(self, printer: RepresentationPrinter, _: bool) -> None:
        printer.text(repr(self))  # Hypothesis would print every byte.

    @property
    def form(self) -> str:
        """The format of the source picture, or `other`."""
        return self.source.partition("-")[0]


class Choices:
    """Makes choices from bytes drawn beforehand: one draw for many choices is fast."""

    def __init__(self, chance: bytes) -> None:
        self.chance = chance
        self._at = 0

    def below(self, limit: int) -> int:
        """A number from 0 up to and without `limit`, which may be 0."""
        number = int.from_bytes(self.chance[self._at : self._at + 2], "big")
        self._at += 2
        return number * limit >> 16

    def one_of(self, options: Sequence[_Option]) -> _Option:
        return options[self.below(len(options))]

    def part(self, data: bytes) -> Span:
        return self.one_of(segments(data) or [(0, 0)])

    def place(self, data: bytes) -> int:
        """A position anywhere; the first bytes and the starts of parts are more likely."""
        last = max(len(data) - 1, 0)
        how = self.below(3)
        if how == 0:
            return min(self.below(64), last)
        if how == 1:
            return min(self.part(data)[0] + self.below(32), last)
        return self.below(last + 1)

    def other(self) -> bytes:
        """A picture to take a part from."""
        return pictures()[self.one_of(_names())]


@cache
def _names() -> tuple[str, ...]:
    return tuple(pictures())


def _flip_bit(choices: Choices, data: bytes) -> bytes:
    at = choices.place(data)
    flipped = bytes(byte ^ 1 << choices.below(8) for byte in data[at : at + 1])
    return data[:at] + flipped + data[at + 1 :]


def _set_bytes(choices: Choices, data: bytes) -> bytes:
    at = choices.place(data)
    value = choices.one_of((*_BYTES, choices.below(256)))
    run = bytes([value]) * (1 + choices.below(16))
    return (data[:at] + run + data[at + len(run) :])[: len(data)]


def _set_number(choices: Choices, data: bytes) -> bytes:
    """Makes a number extreme: a length, a size, an offset, or anything else at that place."""
    at = choices.place(data)
    size = choices.one_of((2, 4))
    value = choices.one_of(_EXTREMES if size == 2 else _EXTREMES + _LARGE_EXTREMES)
    number = value.to_bytes(size, choices.one_of(("big", "little")))
    return data[:at] + number + data[at + size :]


def _cut(choices: Choices, data: bytes) -> bytes:
    return data[: choices.place(data)]


def _splice(choices: Choices, data: bytes) -> bytes:
    """Joins the first part of one file and the last part of another."""
    other = choices.other()
    return data[: choices.place(data)] + other[choices.place(other) :]


def _exchange_header(choices: Choices, data: bytes) -> bytes:
    length = 2 + choices.below(62)
    return choices.other()[:length] + data[length:]


def _insert_garbage(choices: Choices, data: bytes) -> bytes:
    at = choices.one_of((len(data), choices.place(data)))
    return data[:at] + choices.chance * (1 + choices.below(4)) + data[at:]


def _remove_part(choices: Choices, data: bytes) -> bytes:
    start, end = choices.part(data)
    return data[:start] + data[end:]


def _repeat_part(choices: Choices, data: bytes) -> bytes:
    """Repeats a part, such as a scan, frame, chunk or block, once or up to thousands of times."""
    start, end = choices.part(data)
    most = (_MAX_BYTES - len(data)) // max(end - start, 1)
    times = min(choices.one_of((1, 2, 30, 3000)), most)
    return data[:end] + data[start:end] * times + data[end:]


def _move_part(choices: Choices, data: bytes) -> bytes:
    start, end = choices.part(data)
    to, _ = choices.part(data)
    rest = data[:start] + data[end:]
    return rest[:to] + data[start:end] + rest[to:]


def _copy_part(choices: Choices, data: bytes) -> bytes:
    """Inserts a part of another file, usually of another format, before a part of this one."""
    other = choices.other()
    start, end = choices.part(other)
    to, _ = choices.part(data)
    return data[:to] + other[start:end] + data[to:]


_STEPS: dict[str, Callable[[Choices, bytes], bytes]] = {
    "flip a bit": _flip_bit,
    "set bytes": _set_bytes,
    "set a number": _set_number,
    "cut": _cut,
    "splice": _splice,
    "exchange the header": _exchange_header,
    "insert garbage": _insert_garbage,
    "remove a part": _remove_part,
    "repeat a part": _repeat_part,
    "move a part": _move_part,
    "copy a part": _copy_part,
}


def _mutated(source: str, steps: list[tuple[str, bytes]], sound: bool) -> Mutant:
    data = pictures()[source]
    for name, chance in steps:
        data = _STEPS[name](Choices(chance), data)[:_MAX_BYTES]
    if sound:
        data = with_sound_checksums(data)
    return Mutant(source, tuple(name for name, _ in steps), data)


def mutants() -> SearchStrategy[Mutant]:
    """One to four mutations of one picture."""
    step = st.tuples(st.sampled_from(tuple(_STEPS)), st.binary(min_size=_CHANCE, max_size=_CHANCE))
    steps = st.lists(step, min_size=1, max_size=4)
    return st.builds(_mutated, st.sampled_from(_names()), steps, st.booleans())
