"""Finds the parts of a picture file: chunks, boxes, markers, blocks and directory entries."""

import struct
from collections.abc import Callable, Iterator
from itertools import islice

from tests.fuzz.pictures import PNG_SIGNATURE, png_chunk

Span = tuple[int, int]

# Boxes in AVIF and HEIC that hold boxes, and the bytes before the first inner box.
_CONTAINERS = {b"meta": 12, b"iinf": 14, b"iref": 12, b"iprp": 8, b"ipco": 8, b"dinf": 8}
_CONTAINERS |= dict.fromkeys((b"moov", b"trak", b"mdia", b"minf", b"stbl"), 8)
_BLOCK = 16
_MOST = 500


def segments(data: bytes) -> list[Span]:
    """The parts of a file as spans of bytes; inner parts come after the outer ones.

    A file that is no picture, or too broken to be parsed, is cut into equal blocks.
    """
    try:
        first = islice(_parser(data)(data), _MOST)
        spans = [(start, end) for start, end in first if start < end <= len(data)]
    except (struct.error, IndexError, OverflowError):
        spans = []
    return spans or [(at, min(at + _BLOCK, len(data))) for at in range(0, len(data), _BLOCK)]


def with_sound_checksums(data: bytes) -> bytes:
    """A PNG with corrected checksums; otherwise decoders would never read beyond them."""
    if not data.startswith(PNG_SIGNATURE):
        return data
    parts = [PNG_SIGNATURE]
    end = len(PNG_SIGNATURE)
    for start, end in _png(data):
        parts.append(png_chunk(data[start + 4 : start + 8], data[start + 8 : end - 4]))
    return b"".join(parts) + data[end:]


def _parser(data: bytes) -> Callable[[bytes], Iterator[Span]]:
    if data.startswith(b"\xff\xd8"):
        return _jpeg
    if data.startswith(PNG_SIGNATURE):
        return _png
    if data.startswith(b"RIFF"):
        return _riff
    if data[4:8] == b"ftyp":
        return _boxes
    if data.startswith(b"GIF8"):
        return _gif
    if data[:2] in (b"II", b"MM"):
        return _tiff
    return lambda _: iter(())


def _jpeg(data: bytes) -> Iterator[Span]:
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xD9:
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at + 1] == 0xDA:  # The scan ends at the next marker that does not belong to it.
            while end + 1 < len(data) and not (
                data[end] == 0xFF and data[end + 1] not in (0, *range(0xD0, 0xD8))
            ):
                end += 1
        yield at, end
        at = end


def _png(data: bytes) -> Iterator[Span]:
    at = len(PNG_SIGNATURE)
    while at + 12 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        if end > len(data):
            return
        yield at, end
        at = end


def _riff(data: bytes) -> Iterator[Span]:
    at = 12
    while at + 8 <= len(data):
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        end = at + 8 + length + length % 2
        yield at, min(end, len(data))
        at = end


def _boxes(data: bytes, start: int = 0, stop: int | None = None) -> Iterator[Span]:
    stop = len(data) if stop is None else stop
    while start + 8 <= stop:
        end = start + max(8, int.from_bytes(data[start : start + 4], "big"))
        kind = data[start + 4 : start + 8]
        yield start, min(end, stop)
        if kind in _CONTAINERS:
            yield from _boxes(data, start + _CONTAINERS[kind], min(end, stop))
        start = end


def _gif(data: bytes) -> Iterator[Span]:
    at = 13 + _table(data[10])
    yield 0, at
    while data[at] in (0x21, 0x2C):
        start = at
        at += 2 if data[at] == 0x21 else 11 + _table(data[at + 9])
        while data[at]:  # blocks, each after its length, up to an empty block
            at += 1 + data[at]
        at += 1
        yield start, at


def _table(flags: int) -> int:
    """The size in bytes of the colour table that a descriptor announces."""
    return 3 * 2 ** (1 + flags % 8) if flags & 0x80 else 0


def _tiff(data: bytes) -> Iterator[Span]:
    order = "<" if data.startswith(b"II") else ">"
    big = struct.unpack_from(f"{order}H", data, 2)[0] == 43
    at = struct.unpack_from(f"{order}Q", data, 8)[0] if big else _tiff_number(data, order, 4)
    seen: set[int] = set()
    while at and at not in seen:
        seen.add(at)
        count = struct.unpack_from(f"{order}{'Q' if big else 'H'}", data, at)[0]
        first, size = (at + 8, 20) if big else (at + 2, 12)
        for number in range(min(count, 200)):
            yield first + number * size, first + (number + 1) * size
        at = 0 if big else _tiff_number(data, order, first + count * size)


def _tiff_number(data: bytes, order: str, at: int) -> int:
    return int(struct.unpack_from(f"{order}I", data, at)[0])
