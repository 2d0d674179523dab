"""What a damaged or cut-off picture still shows, and how much of it is missing.

Pillow has a switch for this, `ImageFile.LOAD_TRUNCATED_IMAGES`, but it holds for all threads of the
process at once, and nothing tells afterwards how much was read. Nor does the picture's look: its foot
may really be black or grey. So something else is put in place of what is missing.

- JPEG, WebP, AVIF, HEIC: the file is read twice, continued with zeros (a JPEG with nothing) and with
  noise. From the first pixel that differs on, the picture is missing. In files of these formats,
  cut at ten places each, that pixel lies at most four rows from the first that differs from the
  uncut picture.
- PNG, GIF, BMP, TIFF: their decoders stop where the file does. They draw over noise at both ends of
  the rows; a row where it is left is missing.

A progressive JPEG holds the whole picture several times, ever finer. Once every frequency of the
brightness has come once, what is missing is detail that nobody sees: cut at half of its bytes, a
photograph differs by 3 of 255 grey levels.
"""

from collections.abc import Callable, Iterator
from math import ceil

import numpy as np
from PIL import Image, ImageFile

from preprocessing.jpeg import scans_of
from preprocessing.limits import MAX_BYTES, InvalidImage
from preprocessing.pixels import Stored, stored, unpack_ycbcr

Open = Callable[[bytes], Image.Image]
Read = Callable[[bytes], Stored]
Place = tuple[int, int, int, int]  # left, top, right, bottom

MOST_MISSING = 0.1

_END_OF_JPEG = b"\xff\xd9"

# Without 255, which announces a marker in a JPEG.
_NOISE = np.random.default_rng(0).integers(0, 255, 1 << 16, np.uint8).tobytes()

_ROOM = 200_000  # bytes

# WebP, AVIF and HEIC take up to a second for so many, and may need eight tries.
_MOST_PIXELS = 16_000_000

# So many pixels at each end of a row tell whether the row was drawn.
_EDGE = 32


def remains(data: bytes, open_picture: Open, read: Read) -> tuple[Stored, float]:
    """Reads what a damaged file still holds.

    Args:
        data: the file, which cannot be decoded as it is.
        open_picture: opens a file and checks its size.
        read: does so and decodes it.

    Returns:
        The picture, and which share of its pixels is missing, 0 to `MOST_MISSING`.

    Raises:
        InvalidImage: more is missing.
        Exception: whatever a decoder raises that cannot read the file at all.
    """
    if data[:2] == b"\xff\xd8" and not (scans := scans_of(data)).whole:
        body = data[: scans.end].rstrip(b"\xff")
        if not scans.scans or not scans.brightness_begun:
            raise _too_much()
        picture, missing = read(body + _END_OF_JPEG), 0.0
        if scans.cut_in_brightness:
            missing = _differing(picture, read(body + _NOISE + _END_OF_JPEG))
    elif length := _announced_length(data):
        if length - len(data) > len(data) or length > MAX_BYTES:
            raise _too_much()
        data, lacking = _with_room(data, length - len(data))
        picture, missing = _continued(data, lacking, open_picture, read)
    else:
        picture, missing = _drawn(data, open_picture)
    if missing > MOST_MISSING:
        raise _too_much()
    return picture, missing


def warning(missing: float) -> str:
    """The sentence for a picture of which a share is missing."""
    if missing:
        return f"The file is damaged or was cut off: about {ceil(100 * missing)}% of the picture is missing."
    return "The file is damaged or was cut off, but nothing of the picture is missing that matters."


def _too_much() -> InvalidImage:
    return InvalidImage(
        "The picture is damaged or was cut off: more than a tenth of it is missing. Copy or save it"
        " again."
    )


def _differing(one: Stored, other: Stored) -> float:
    """The share of a picture from the first pixel that differs on, in rows as they are stored."""
    differs = (one.pixels != other.pixels).any(axis=2)
    height, width = differs.shape
    rows = differs.any(axis=1)
    if not rows.any():
        return 0.0
    # In the first rows, the blocks on the left are still whole.
    whole = np.where(rows, differs.argmax(axis=1), 0)[rows.argmax() :]
    return float((width - whole).sum() / (height * width))


def _announced_length(data: bytes) -> int:
    """How long a WebP, AVIF or HEIC file says it is; 0 for others, or if it is that long."""
    length = 0
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        length = 8 + int.from_bytes(data[4:8], "little")
    elif data[4:8] == b"ftyp":
        while 0 <= length <= len(data) - 16:
            size = int.from_bytes(data[length : length + 4], "big")
            if size == 1:
                size = int.from_bytes(data[length + 8 : length + 16], "big")
            if size < 8:  # 0 says: up to the file's end.
                return 0
            length += size
    return length if length > len(data) else 0


def _with_room(data: bytes, lacking: int) -> tuple[bytes, int]:
    """Lets a WebP announce more than it lacks, and gives how much that is.

    Noise holds fewer pixels a byte than a picture, and a decoder that comes to its end gives nothing.
    """
    at = 12
    while data[:4] == b"RIFF" and at + 8 < len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + size > len(data) and data[at : at + 4] in (b"VP8 ", b"VP8L"):
            whole = len(data) + lacking + _ROOM
            head = b"RIFF" + (whole - 8).to_bytes(4, "little") + data[8 : at + 4]
            return head + (whole - at - 8).to_bytes(4, "little") + data[at + 8 :], lacking + _ROOM
        at += 8 + size + size % 2
    return data, lacking


def _continued(data: bytes, lacking: int, open_picture: Open, read: Read) -> tuple[Stored, float]:
    with open_picture(data + bytes(lacking)) as image:
        if image.width * image.height > _MOST_PIXELS:
            raise InvalidImage(
                "The picture is damaged or was cut off, and too large for what is left of it to be"
                " read. Copy or save it again."
            )
    found: list[Stored] = []
    error: Exception | None = None
    for rest in _continuations(lacking):
        try:
            found.append(read(data + rest))
        except Exception as failed:  # A decoder may notice that this is no picture.
            error = failed
        if len(found) == 2:
            return found[0], _differing(*found)
    raise error or _too_much()


def _continuations(length: int) -> Iterator[bytes]:
    yield bytes(length)
    noise = _NOISE * (2 + length // len(_NOISE))
    for start in range(0, 7007, 1001):
        yield noise[start : start + length]


def _drawn(data: bytes, open_picture: Open) -> tuple[Stored, float]:
    with open_picture(data) as image:
        places, noise = _draw_on_noise(image)
        found = [image.crop(place) for place in places]
        missing = np.zeros(image.height, np.bool_)
        for one, other in zip(found, noise, strict=True):
            missing |= (_rows(one) == _rows(other)).all(axis=1)
        if missing.mean() > MOST_MISSING:
            raise _too_much()
        for place in places:
            for row in np.flatnonzero(missing):
                image.paste(0, (place[0], int(row), place[2], int(row) + 1))
        return stored(image, image.size), float(missing.mean())


def _draw_on_noise(image: Image.Image) -> tuple[list[Place], list[Image.Image]]:
    """Decodes as much of an opened picture as its decoder can, over noise at both ends of the rows.

    Returns:
        The places of the noise, and the noise.
    """
    assert isinstance(image, ImageFile.ImageFile)
    prepare = image.load_prepare
    places: list[Place] = []
    noise: list[Image.Image] = []

    def prepared() -> None:
        prepare()
        width, height = image.im.size
        edge = min(_EDGE, width)
        starts = (0, width - edge) if width >= 2 * edge else (0,)
        places[:] = [(x, 0, x + edge, height) for x in starts]
        needed = len(Image.new(image.im.mode, (edge, height)).tobytes())
        made = Image.frombytes(
            image.im.mode, (edge, height), (_NOISE * (1 + needed // len(_NOISE)))[:needed]
        )
        noise[:] = [made] * len(places)
        for place in places:
            image.im.paste(made.im, place)

    image.load_prepare = prepared  # type: ignore[method-assign]
    image.load_end = lambda: None  # type: ignore[method-assign]  # It may turn the picture.
    unpack_ycbcr(image)
    try:
        image.load()
    except MemoryError:
        raise
    except Exception:
        image.tile = []  # Now it counts as loaded.
        if not places:
            raise
    image._size = image.im.size
    return places, noise


def _rows(image: Image.Image) -> np.ndarray:
    """The bytes of each row, whatever the kind of the pixels."""
    return np.frombuffer(image.tobytes(), np.uint8).reshape(image.height, -1)
