"""The passes ("scans") that store a JPEG's pixels, and whether the file is complete."""

import re
from dataclasses import dataclass

from preprocessing.limits import HOW_TO_SAVE, InvalidImage

# After the byte 255 in a scan, 0 means that 255 is data, 208 to 215 is a restart marker, and another
# 255 is filling. Any other byte is a marker that ends the scan.
_MARKER = re.compile(rb"\xff([^\x00\xd0-\xd7\xff])")

_EOI, _SOS = 0xD9, 0xDA
_ALONE = (0xD8, 0x01)  # markers without a segment
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = (0xC2, 0xC6, 0xCA, 0xCE)

# A segment holds 64 kB, so 20 MB of profiles and descriptions need 300 segments. Walking through
# millions of empty segments would take seconds.
_MOST_SEGMENTS = 10_000


@dataclass(frozen=True)
class Scan:
    """One pass over the pixels.

    Attributes:
        brightness: whether the scan holds the first colour component, which is the brightness.
        first: the lowest of the 64 frequencies that the scan holds, 0 to 63.
        last: the highest of them.
        refines: whether the scan only adds precision to an earlier scan.
    """

    brightness: bool
    first: int
    last: int
    refines: bool


@dataclass(frozen=True)
class Scans:
    """The scans of a JPEG file's first picture.

    Attributes:
        scans: the scans in the order of the file.
        complete: whether the file has the picture's end marker.
        end: the number of bytes that a decoder can use: it stops at the picture's end marker, or at
            a segment that was cut off.
        cut_in_scan: whether the file ends within the last scan.
    """

    scans: tuple[Scan, ...]
    complete: bool
    end: int
    cut_in_scan: bool

    @property
    def brightness_begun(self) -> bool:
        """Whether the scans hold every frequency of the brightness; if not, the picture is a blur."""
        held = {
            frequency
            for scan in self.scans
            if scan.brightness and not scan.refines
            for frequency in range(scan.first, scan.last + 1)
        }
        return len(held) == 64

    @property
    def cut_in_brightness(self) -> bool:
        """Whether the cut removes a part of the picture, not just colour or precision."""
        last = self.scans[-1]
        return self.cut_in_scan and last.brightness and not last.refines


def read_scans(data: bytes) -> Scans:
    """Walks through the markers of a JPEG file as libjpeg does (ITU-T T.81, annex B).

    Counting the scan markers' bytes would be wrong: thumbnails, profiles and data that phones append
    after the picture contain the same bytes.

    Raises:
        InvalidImage: the file has more segments than any picture needs.
    """
    scans: list[Scan] = []
    main, progressive = -1, False  # `main` is the identifier of the first colour component
    at, marker = 2, 0
    for _ in range(_MOST_SEGMENTS):
        found = _MARKER.search(data, at)
        if found is None:
            return Scans(tuple(scans), False, len(data), marker == _SOS)
        marker, start = found[1][0], found.start()
        at = start + 2
        if marker == _EOI:
            return Scans(tuple(scans), True, at, False)
        if marker in _ALONE:
            continue
        at += max(2, int.from_bytes(data[at : at + 2], "big"))
        if at > len(data) or len(data) < start + 4:
            return Scans(tuple(scans), False, start, False)
        body = data[start + 4 : at]
        if marker in _FRAMES:
            main = body[6] if len(body) > 6 else -1
            progressive = marker in _PROGRESSIVE
        elif marker == _SOS:
            scans.append(_read_scan(body, main, progressive))
    raise InvalidImage(f"The picture is stored in too many parts. {HOW_TO_SAVE}")


def _read_scan(body: bytes, main: int, progressive: bool) -> Scan:
    count = body[0] if body else 0
    parts, rest = tuple(body[1 : 1 + 2 * count : 2]), body[1 + 2 * count :]
    if not progressive or len(rest) < 3:
        return Scan(main in parts, 0, 63, False)
    return Scan(main in parts, rest[0], min(rest[1], 63), rest[2] >> 4 > 0)
