"""Decodes a path, bytes or an array to one upright RGB picture of bounded size, or raises an error."""

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

from preprocessing.damage import damage_warning, read_damaged
from preprocessing.jpeg import read_scans
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
from preprocessing.paths import message_prefix, read_file
from preprocessing.pixels import (
    StoredPicture,
    decode_opened,
    draft,
    reduced_by_strips,
    rows_of_array,
    upright,
)
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

# AVIF comes before HEIF: both claim the brand mif1, but only AVIF's plugin rejects the other's files.
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "HEIF", "GIF", "TIFF", "BMP")

# Only one picture above this size is decoded at a time: decoding takes four to eight bytes a pixel, or
# sixteen for WebP.
_LARGE_PIXELS = 16_000_000

# The limit is 100 scans of the largest picture, or 2 seconds. Every scan of a JPEG passes over all
# pixels, however few bytes it has: 100 kB can hold thousands of scans, a minute of work. The limit
# applies to baseline JPEGs too: they may store each colour in its own scan, again and again.
_MAX_SCANNED_PIXELS = 100 * MAX_PIXELS
_large_decode = threading.RLock()

_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)

pi_heif.register_heif_opener()
# `decode` checks sizes itself. This protects other code that decodes pictures here, such as Gradio.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)
# Pillow's other warnings are about damage, which `decode` reports itself.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded picture.

    Attributes:
        pixels: `(h, w, 3)` uint8, the upright picture in RGB, with its longer side at most 2560. Do
            not write to it: it may share memory with the array it was made from.
        width: the width of the upright original, in pixels.
        height: the height of the upright original, in pixels.
        warnings: one sentence for each fault of a file that could still be read.
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

    It reads JPEG (also CMYK and MPO), PNG, WebP, AVIF, HEIC, GIF, TIFF and BMP. If a file has several
    frames, it reads the first. It shows transparent pixels over white and applies the EXIF
    orientation. It reads a damaged file if at most a tenth of the picture is missing; then
    `Picture.warnings` says so.

    Args:
        source: a path; the bytes of a file; a binary file, which is read from its current position;
            a PIL image; or an array `(h, w)`, `(h, w, 1)`, `(h, w, 3)` RGB or `(h, w, 4)` RGBA, of
            uint8, uint16, bool, or floats of 0 to 1. Floats slightly outside that range, which
            resizing produces, are clipped.

    Raises:
        ImageTooLarge: the picture has more than 20 MB or 64 megapixels.
        InvalidImage: the picture cannot be read for another reason. If the source is a path, the
            message begins with the path.
        TypeError: the source is none of these types.
    """
    if isinstance(source, np.ndarray):
        return _decode_array(source)
    if isinstance(source, Image.Image):
        return _decode_pil(source)
    if isinstance(source, bytes | bytearray | memoryview):
        return _decode_bytes(bytes(source))
    if isinstance(source, str | os.PathLike):
        path = os.fsdecode(source)
        try:
            return _decode_bytes(read_file(path))
        except InvalidImage as error:
            raise type(error)(message_prefix(path) + str(error)) from error
    if hasattr(source, "read"):
        data = source.read(MAX_BYTES + 1)
        if isinstance(data, bytes):
            return _decode_bytes(data)
        raise TypeError("A picture's file must be opened for bytes: open(path, 'rb').")
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
            picture, missing = _decode_file(data), 0.0
            damaged = not _has_end(data)
        except (InvalidImage, MemoryError, *_BOMBS):
            raise
        except Exception:
            if not _has_signature(data):
                raise
            with _large_decode:  # It is decoded several times, so only one at a time.
                picture, missing = read_damaged(data, _opened, _decode_file)
            damaged = True
    except InvalidImage:
        raise
    except Exception as error:
        raise _readable_error(error, data) from error
    return _picture(picture, (damage_warning(missing),) if damaged else ())


def _readable_error(error: Exception, data: bytes) -> InvalidImage:
    """The error with a sentence for people, in place of a decoder's own error."""
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
                "This TIFF is damaged or was cut off, or stores its pixels in a way that cannot be"
                f" read. {HOW_TO_SAVE}"
            )
    # Not every decoder reports a lack of memory as such, and WebP's fails as soon as it opens the file.
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
    """Whether the first bytes are those of one of the formats."""
    accepts = (Image.OPEN[name][1] for name in FORMATS)
    return any(accept is not None and accept(data[:16]) for accept in accepts)


def _has_end(data: bytes) -> bool:
    """Whether a readable file has its end marker; True for formats without one."""
    if data[:2] == b"\xff\xd8":
        return read_scans(data).complete
    return data[:4] != b"\x89PNG" or 0 <= data.rfind(b"IEND") <= len(data) - 8


def _opened(data: bytes) -> Image.Image:
    """Opens a file without decoding it.

    Raises:
        InvalidImage: the picture is too large or too small, or has too many scans.
        Exception: the decoder's own error.
    """
    # Scans are counted before Pillow opens the file, because Pillow walks through all segments too.
    scans = read_scans(data) if data[:2] == b"\xff\xd8" else None
    image = Image.open(io.BytesIO(data), formats=FORMATS)
    check_size(*image.size)
    if scans is not None:
        # A cut-off picture is decoded up to three times.
        most = _MAX_SCANNED_PIXELS if scans.complete else _MAX_SCANNED_PIXELS // 4
        if len(scans.scans) * image.width * image.height > most:
            raise InvalidImage(f"The picture is stored in too many passes. {HOW_TO_SAVE}")
    return image


def _decode_file(data: bytes) -> StoredPicture:
    """Opens and decodes a file; raises the same errors as `_opened`."""
    with _opened(data) as image:
        size = image.size
        draft(image)
        # The decoder holds a progressive JPEG in full size, however small the draft is.
        with _large_picture_lock(*(size if image.info.get("progressive") else image.size)):
            return decode_opened(image, size, data)


def _large_picture_lock(width: int, height: int) -> AbstractContextManager[object]:
    return _large_decode if width * height > _LARGE_PIXELS else nullcontext()


def _decode_pil(image: Image.Image) -> Picture:
    check_size(*image.size)
    try:
        with _large_picture_lock(*image.size):
            return _picture(decode_opened(image, image.size))
    except InvalidImage:
        raise
    except Exception as error:  # The caller may have opened it without decoding it.
        raise _readable_error(error, b"") from error


def _picture(read: StoredPicture, file_warnings: tuple[str, ...] = ()) -> Picture:
    pixels, turned = upright(read.pixels, read.orientation)
    size = (read.height, read.width) if turned else (read.width, read.height)
    return Picture(pixels, *size, file_warnings)


def _decode_array(array: np.ndarray) -> Picture:
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
        raise InvalidImage(
            "A picture's array must be (height, width), or (height, width, channels) with 1, 3 or 4"
            f" channels. Received: shape={array.shape}"
        )
    height, width = array.shape[:2]
    check_size(width, height)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    known = array.dtype in (np.uint8, np.uint16, np.bool_)
    if not known and not np.issubdtype(array.dtype, np.floating):
        raise InvalidImage(
            "A picture's array must be uint8, uint16, bool, or floats of 0 to 1. Received:"
            f" {array.dtype}"
        )
    pixels = reduced_by_strips(rows_of_array(array, from_file=False), width, height)
    return Picture(np.ascontiguousarray(pixels), width, height)
