"""Reads damaged or cut-off pictures, and measures how much of each is missing.

Pillow has a switch for this, `ImageFile.LOAD_TRUNCATED_IMAGES`, but the switch affects all threads of
the process, and Pillow does not tell how much it read. The pixels do not tell either: the bottom of a
picture may really be black or grey. So this module fills the missing part with noise and finds where
the noise shows.

- JPEG, WebP, AVIF, HEIC: the file is decoded twice, once continued with zeros (a JPEG with nothing)
  and once with noise. The picture is missing from the first pixel that differs. In files of these
  formats, cut at ten places each, that pixel lies at most four rows from the first pixel that differs
  from the uncut picture.
- PNG, GIF, BMP, TIFF: the decoder stops where the file ends. It draws over noise at both ends of each
  row; a row that still shows the noise is missing.

A progressive JPEG holds the whole picture several times, each time finer. Once it has given every
frequency of the brightness, only detail that nobody sees is missing: a photograph cut at half of its
bytes differs by 3 of 255 grey levels.
"""

from collections.abc import Callable, Iterator
from math import ceil

import numpy as np
from PIL import Image, ImageFile

from preprocessing.jpeg import read_scans
from preprocessing.limits import MAX_BYTES, InvalidImage
from preprocessing.pixels import StoredPicture, decode_opened, unpack_ycbcr

Open = Callable[[bytes], Image.Image]
Read = Callable[[bytes], StoredPicture]
Area = tuple[int, int, int, int]  # left, top, right, bottom

MOST_MISSING = 0.1

_END_OF_JPEG = b"\xff\xd9"

# Noise without the value 255, which starts a marker in a JPEG.
_NOISE = np.random.default_rng(0).integers(0, 255, 1 << 16, np.uint8).tobytes()

_EXTRA_NOISE = 200_000  # bytes

# A larger picture is refused: WebP, AVIF and HEIC take up to a second for this many pixels, and may
# need eight tries.
_MOST_PIXELS = 16_000_000

# The pixels at each end of a row that tell whether the row was drawn.
_EDGE = 32


def read_damaged(data: bytes, open_picture: Open, read: Read) -> tuple[StoredPicture, float]:
    """Reads what a damaged file still holds.

    Args:
        data: the file, which a decoder cannot read as it is.
        open_picture: opens a file and checks its size.
        read: opens a file, checks its size and decodes it.

    Returns:
        The picture, and the share of its pixels that is missing, 0 to `MOST_MISSING`.

    Raises:
        InvalidImage: more than `MOST_MISSING` is missing.
        Exception: the decoder's own error, if it cannot read the file at all.
    """
    if data[:2] == b"\xff\xd8" and not (scans := read_scans(data)).complete:
        body = data[: scans.end].rstrip(b"\xff")
        if not scans.scans or not scans.brightness_begun:
            raise _too_much_missing()
        picture, missing = read(body + _END_OF_JPEG), 0.0
        if scans.cut_in_brightness:
            missing = _share_after_first_difference(picture, read(body + _NOISE + _END_OF_JPEG))
    elif length := _announced_length(data):
        if length - len(data) > len(data) or length > MAX_BYTES:
            raise _too_much_missing()
        data, lacking = _announcing_more(data, length - len(data))
        picture, missing = _read_continued(data, lacking, open_picture, read)
    else:
        picture, missing = _read_over_noise(data, open_picture)
    if missing > MOST_MISSING:
        raise _too_much_missing()
    return picture, missing


def damage_warning(missing: float) -> str:
    """The warning for a picture with this share of its pixels missing."""
    if missing:
        return f"The file is damaged or was cut off: about {ceil(100 * missing)}% of the picture is missing."
    return (
        "The file is damaged or was cut off, but nothing that matters is missing from the picture."
    )


def _too_much_missing() -> InvalidImage:
    return InvalidImage(
        "The picture is damaged or was cut off: more than a tenth of it is missing. Copy or save it"
        " again."
    )


def _share_after_first_difference(one: StoredPicture, other: StoredPicture) -> float:
    """The share of a picture that lies after the first differing pixel, in stored row order."""
    differs = (one.pixels != other.pixels).any(axis=2)
    height, width = differs.shape
    rows = differs.any(axis=1)
    if not rows.any():
        return 0.0
    # In the first rows that differ, the blocks on the left are still intact.
    whole = np.where(rows, differs.argmax(axis=1), 0)[rows.argmax() :]
    return float((width - whole).sum() / (height * width))


def _announced_length(data: bytes) -> int:
    """The length that a cut-off WebP, AVIF or HEIC file announces; 0 for any other file."""
    length = 0
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        length = 8 + int.from_bytes(data[4:8], "little")
    elif data[4:8] == b"ftyp":
        while 0 <= length <= len(data) - 16:
            size = int.from_bytes(data[length : length + 4], "big")
            if size == 1:
                size = int.from_bytes(data[length + 8 : length + 16], "big")
            if size < 8:  # 0 means up to the end of the file.
                return 0
            length += size
    return length if length > len(data) else 0


def _announcing_more(data: bytes, lacking: int) -> tuple[bytes, int]:
    """Raises the length that a cut-off WebP announces, to make room for more noise.

    A byte of noise decodes to fewer pixels than a byte of a picture, and a decoder that runs out of
    bytes returns nothing.

    Returns:
        The changed file, and the number of bytes it now lacks.
    """
    at = 12
    while data[:4] == b"RIFF" and at + 8 < len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + size > len(data) and data[at : at + 4] in (b"VP8 ", b"VP8L"):
            whole = len(data) + lacking + _EXTRA_NOISE
            head = b"RIFF" + (whole - 8).to_bytes(4, "little") + data[8 : at + 4]
            chunk = (whole - at - 8).to_bytes(4, "little") + data[at + 8 :]
            return head + chunk, lacking + _EXTRA_NOISE
        at += 8 + size + size % 2
    return data, lacking


def _read_continued(
    data: bytes, lacking: int, open_picture: Open, read: Read
) -> tuple[StoredPicture, float]:
    with open_picture(data + bytes(lacking)) as image:
        if image.width * image.height > _MOST_PIXELS:
            raise InvalidImage(
                "The picture is damaged or was cut off, and is too large to rescue the rest. Copy or"
                " save it again."
            )
    found: list[StoredPicture] = []
    error: Exception | None = None
    for rest in _continuations(lacking):
        try:
            found.append(read(data + rest))
        except Exception as failed:  # A decoder may reject the noise.
            error = failed
        if len(found) == 2:
            return found[0], _share_after_first_difference(*found)
    raise error or _too_much_missing()


def _continuations(length: int) -> Iterator[bytes]:
    yield bytes(length)
    noise = _NOISE * (2 + length // len(_NOISE))
    for start in range(0, 7007, 1001):
        yield noise[start : start + length]


def _read_over_noise(data: bytes, open_picture: Open) -> tuple[StoredPicture, float]:
    with open_picture(data) as image:
        areas, noise = _draw_on_noise(image)
        found = [image.crop(area) for area in areas]
        missing = np.zeros(image.height, np.bool_)
        for one, other in zip(found, noise, strict=True):
            missing |= (_rows(one) == _rows(other)).all(axis=1)
        if missing.mean() > MOST_MISSING:
            raise _too_much_missing()
        for area in areas:
            for row in np.flatnonzero(missing):
                image.paste(0, (area[0], int(row), area[2], int(row) + 1))
        return decode_opened(image, image.size), float(missing.mean())


def _draw_on_noise(image: Image.Image) -> tuple[list[Area], list[Image.Image]]:
    """Decodes as much of an opened picture as possible, over noise at both ends of the rows.

    Returns:
        The areas that were filled with noise, and the noise in each.
    """
    assert isinstance(image, ImageFile.ImageFile)
    prepare = image.load_prepare
    areas: list[Area] = []
    noise: list[Image.Image] = []

    def prepare_with_noise() -> None:
        prepare()
        width, height = image.im.size
        edge = min(_EDGE, width)
        starts = (0, width - edge) if width >= 2 * edge else (0,)
        areas[:] = [(x, 0, x + edge, height) for x in starts]
        needed = len(Image.new(image.im.mode, (edge, height)).tobytes())
        made = Image.frombytes(
            image.im.mode, (edge, height), (_NOISE * (1 + needed // len(_NOISE)))[:needed]
        )
        noise[:] = [made] * len(areas)
        for area in areas:
            image.im.paste(made.im, area)

    image.load_prepare = prepare_with_noise  # type: ignore[method-assign]
    image.load_end = lambda: None  # type: ignore[method-assign]  # Pillow's own may turn the picture.
    unpack_ycbcr(image)
    try:
        image.load()
    except MemoryError:
        raise
    except Exception:
        image.tile = []  # Pillow now takes the picture as loaded.
        if not areas:
            raise
    image._size = image.im.size
    return areas, noise


def _rows(image: Image.Image) -> np.ndarray:
    """The bytes of each row, `(height, n)` uint8, for any kind of pixel."""
    return np.frombuffer(image.tobytes(), np.uint8).reshape(image.height, -1)
