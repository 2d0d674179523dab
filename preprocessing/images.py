"""Decoding: a path, bytes or an array become one upright RGB picture of bounded size, or an error."""

import io
import os
import threading
import warnings
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import BinaryIO, TypeAlias

import numpy as np
import pi_heif
from PIL import Image, UnidentifiedImageError

from preprocessing.damage import remains, warning
from preprocessing.jpeg import scans_of
from preprocessing.limits import (
    HOW_TO_SAVE,
    MAX_BYTES,
    MAX_PIXELS,
    MIN_SIDE,
    WORKING_SIDE,
    ImageTooLarge,
    InvalidImage,
    check_size,
    too_many_pixels,
)
from preprocessing.paths import name_of, read_file
from preprocessing.pixels import Stored, draft, reduced_by_strips, rows_of_array, stored, upright
from preprocessing.png import without_extras

__all__ = [
    "MAX_BYTES",
    "MAX_PIXELS",
    "MIN_SIDE",
    "WORKING_SIDE",
    "ImageTooLarge",
    "InvalidImage",
    "Picture",
    "Source",
    "decode",
]

Source: TypeAlias = (
    str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | np.ndarray | Image.Image
)

# AVIF stands before HEIF: both claim the brand mif1, and only AVIF's plugin lets go of the other's.
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "HEIF", "GIF", "TIFF", "BMP")

# Decoding costs four to eight bytes a pixel, WebP sixteen: above this many, one picture at a time.
_LARGE_PIXELS = 16_000_000

# Each scan of a JPEG passes over all its pixels, however few bytes it has: 100 kB can hold thousands
# of scans, a minute of work. This is 100 scans of the largest picture, 2 seconds. Not only
# progressive ones: a baseline JPEG may store each colour in a scan of its own, again and again.
_MAX_SCANNED_PIXELS = 100 * MAX_PIXELS
_large_decode = threading.RLock()

_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)

pi_heif.register_heif_opener()
# `decode` checks sizes itself; this is for whatever else decodes pictures in the process (Gradio does).
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)
# What else it warns of is damage; a picture is read all the same, or is answered with a sentence.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded picture.

    Attributes:
        pixels: `(h, w, 3)` uint8, the upright picture in RGB, its longer side at most 2560. Not to
            be written to: it may share memory with the array it was made from.
        width: of the upright original, in its pixels.
        height: likewise.
        warnings: sentences on what is wrong with the file although it could be read.
    """

    pixels: np.ndarray
    width: int
    height: int
    warnings: tuple[str, ...] = ()

    @property
    def scale(self) -> float:
        """Pixels of the original per pixel of `pixels`; 1 or more."""
        height, width = self.pixels.shape[:2]
        return max(self.width, self.height) / max(int(height), int(width))


def decode(source: Source) -> Picture:
    """Decodes a picture, turns it upright and makes it opaque and at most 2560 pixels long.

    JPEG (also CMYK and MPO), PNG, WebP, AVIF, HEIC, GIF, TIFF and BMP are read, of several frames
    the first. What is transparent is shown over white. EXIF orientation is applied. A damaged file
    is read if at most a tenth of the picture is missing, and `Picture.warnings` says so.

    Args:
        source: a path; the bytes of a file, or a binary file, which is read from where it stands; a
            PIL image; or an array `(h, w)`, `(h, w, 1)`, `(h, w, 3)` RGB or `(h, w, 4)` RGBA, of
            uint8, uint16, bool, or floats of 0 to 1. Floats a little outside, as resizing makes
            them, are cut off.

    Raises:
        ImageTooLarge: more than 20 MB or 64 megapixels.
        InvalidImage: anything else that keeps the picture from being read. For a path the message
            begins with the path.
        TypeError: the source is none of these.
    """
    if isinstance(source, np.ndarray):
        return _decode_array(source)
    if isinstance(source, Image.Image):
        return _decode_opened(source)
    if isinstance(source, bytes | bytearray | memoryview):
        return _decode_bytes(bytes(source))
    if isinstance(source, str | os.PathLike):
        path = os.fsdecode(source)
        try:
            return _decode_bytes(read_file(path))
        except InvalidImage as error:
            raise type(error)(name_of(path) + str(error)) from error
    if hasattr(source, "read"):
        data = source.read(MAX_BYTES + 1)
        if isinstance(data, bytes):
            return _decode_bytes(data)
        raise TypeError("A picture's file is opened for bytes: open(path, 'rb').")
    raise TypeError(
        "A picture is a path, bytes, a file, a PIL image or an array. Received:"
        f" {type(source).__name__}"
    )


def _decode_bytes(data: bytes) -> Picture:
    if not data:
        raise InvalidImage("The file is empty. Copy or upload it again.")
    if len(data) > MAX_BYTES:
        raise ImageTooLarge(
            f"The file has more than {MAX_BYTES // 1_000_000} MB. Save the picture smaller and try"
            " again."
        )
    data = without_extras(data)
    try:
        try:
            picture, missing = _stored(data), 0.0
            damaged = not _has_end(data)
        except (InvalidImage, MemoryError, *_BOMBS):
            raise
        except Exception:
            if not _has_signature(data):
                raise
            with _large_decode:  # It is decoded several times, so its memory is bounded too.
                picture, missing = remains(data, _opened, _stored)
            damaged = True
    except InvalidImage:
        raise
    except Exception as error:
        raise _explained(error, data) from error
    return _picture(picture, (warning(missing),) if damaged else ())


def _explained(error: Exception, data: bytes) -> InvalidImage:
    """The sentence for what a decoder raised; each has its own way to fail."""
    if isinstance(error, _BOMBS):
        return too_many_pixels()
    if isinstance(error, MemoryError):
        return ImageTooLarge(
            "There is not enough memory to decode this picture. Save it smaller and try again."
        )
    if isinstance(error, UnidentifiedImageError):
        if not _has_signature(data):
            return InvalidImage(
                "This is not a picture this program can read. Use JPEG, PNG, WebP, AVIF, HEIC, GIF,"
                " TIFF or BMP."
            )
        if data[:2] in (b"II", b"MM"):
            return InvalidImage(
                "This TIFF is damaged or was cut off, or its pixels are of a kind that cannot be"
                f" read. {HOW_TO_SAVE}"
            )
    # Not every decoder says that it failed for want of memory, and WebP's does when it is opened.
    if _may_be_large(data):
        return InvalidImage(
            "The picture is damaged or was cut off, or there is not enough memory to decode it."
            " Copy it again, or save it smaller."
        )
    return InvalidImage(
        "The picture is damaged or was cut off, and cannot be decoded. Copy or save it again."
    )


def _may_be_large(data: bytes) -> bool:
    try:
        with _opened(data) as image:
            return image.width * image.height > _LARGE_PIXELS
    except Exception:
        return data[8:12] == b"WEBP"


def _has_signature(data: bytes) -> bool:
    """Whether the first bytes announce one of the formats."""
    accepts = (Image.OPEN[name][1] for name in FORMATS)
    return any(accept is not None and accept(data[:16]) for accept in accepts)


def _has_end(data: bytes) -> bool:
    """Whether a file that can be read has the mark of its end, where its format has one."""
    if data[:2] == b"\xff\xd8":
        return scans_of(data).whole
    return data[:4] != b"\x89PNG" or 0 <= data.rfind(b"IEND") <= len(data) - 8


def _opened(data: bytes) -> Image.Image:
    """Opens a file without decoding it.

    Raises:
        InvalidImage: its size is out of the limits.
        Exception: whatever its decoder raises.
    """
    # Before it is opened: Pillow, too, walks through all segments.
    passes = scans_of(data) if data[:2] == b"\xff\xd8" else None
    image = Image.open(io.BytesIO(data), formats=FORMATS)
    check_size(*image.size)
    if passes is not None:
        # What was cut off is decoded up to three times.
        most = _MAX_SCANNED_PIXELS if passes.whole else _MAX_SCANNED_PIXELS // 4
        if len(passes.scans) * image.width * image.height > most:
            raise InvalidImage(f"The picture is stored in too many passes. {HOW_TO_SAVE}")
    return image


def _stored(data: bytes) -> Stored:
    """Opens and decodes a file; raises what `_opened` does."""
    with _opened(data) as image:
        size = image.size
        draft(image)
        # A progressive JPEG is held in full while it is decoded, however small it is drafted.
        with _turn(*(size if image.info.get("progressive") else image.size)):
            return stored(image, size, data)


def _turn(width: int, height: int) -> AbstractContextManager[object]:
    return _large_decode if width * height > _LARGE_PIXELS else nullcontext()


def _decode_opened(image: Image.Image) -> Picture:
    check_size(*image.size)
    try:
        with _turn(*image.size):
            return _picture(stored(image, image.size))
    except InvalidImage:
        raise
    except Exception as error:  # It may be opened without being read yet.
        raise _explained(error, b"") from error


def _picture(read: Stored, complaints: tuple[str, ...] = ()) -> Picture:
    pixels, turned = upright(read.pixels, read.orientation)
    size = (read.height, read.width) if turned else (read.width, read.height)
    return Picture(pixels, *size, complaints)


def _decode_array(array: np.ndarray) -> Picture:
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
        raise InvalidImage(
            "An array of a picture is (height, width), or (height, width, channels) with 1, 3 or 4"
            f" channels. Received: shape={array.shape}"
        )
    height, width = array.shape[:2]
    check_size(width, height)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    known = array.dtype in (np.uint8, np.uint16, np.bool_)
    if not known and not np.issubdtype(array.dtype, np.floating):
        raise InvalidImage(
            "An array of a picture is uint8, uint16, bool, or floats of 0 to 1. Received:"
            f" {array.dtype}"
        )
    pixels = reduced_by_strips(rows_of_array(array, of_file=False), width, height)
    return Picture(np.ascontiguousarray(pixels), width, height)
