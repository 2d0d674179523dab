"""Decoding: a path, bytes or an array become one upright RGB picture of bounded size, or an error."""

import io
import threading
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pi_heif
from PIL import ExifTags, Image, UnidentifiedImageError

MAX_BYTES = 20_000_000
MAX_PIXELS = 64_200_000  # 9248x6936 is what phones of 64 megapixels send
MIN_SIDE = 16
WORKING_SIDE = 2560

# AVIF stands before HEIF: both claim the brand mif1, and only AVIF's plugin lets go of the other's.
_FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "HEIF", "GIF", "TIFF", "BMP")

# A JPEG is decoded at 1/2, 1/4 or 1/8 of its size as long as its longer side stays above this: half
# as much again as the face detector looks at, for crops of small faces.
_DRAFT_SIDE = 1920

# Decoding costs four to eight bytes a pixel, WebP sixteen: above this many, one picture at a time.
_LARGE_PIXELS = 16_000_000

# Each scan of a JPEG passes over all its pixels, however few bytes it has: 100 kB can hold thousands
# of scans, a minute of work. This is 100 scans of the largest picture, 2 seconds. Not only
# progressive ones: a baseline JPEG may store each colour in a scan of its own, again and again.
_MAX_SCANNED_PIXELS = 100 * MAX_PIXELS
_large_decode = threading.Lock()

# Pixels are copied in strips: no other thread of the program runs while one is copied.
_STRIP_PIXELS = 1_000_000

_HOW_TO_SAVE = "Save it as an ordinary JPEG or PNG and try again."

pi_heif.register_heif_opener()
# `decode` checks sizes itself; this is for whatever else decodes pictures in the process (Gradio does).
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)
# What else it warns of is damage; a picture is read all the same, or is answered with a sentence.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")


class InvalidImage(ValueError):
    """A picture that cannot be read; `str(error)` says in a sentence why and what to do."""


class ImageTooLarge(InvalidImage):
    """A picture of too many bytes or too many pixels."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded picture.

    Attributes:
        pixels: `(h, w, 3)` uint8, the upright picture in RGB, its longer side at most 2560. Not to
            be written to: it may share memory with the array it was made from.
        width: of the upright original, in its pixels.
        height: likewise.
    """

    pixels: np.ndarray
    width: int
    height: int

    @property
    def scale(self) -> float:
        """Pixels of the original per pixel of `pixels`; 1 or more."""
        return max(self.width, self.height) / max(self.pixels.shape[:2])


def decode(source: str | Path | bytes | np.ndarray) -> Picture:
    """Decodes a picture, turns it upright and makes it opaque and at most 2560 pixels long.

    JPEG (also CMYK and MPO), PNG, WebP, AVIF, HEIC, GIF, TIFF and BMP are read, of several frames
    the first. What is transparent is shown over white. EXIF orientation is applied.

    Args:
        source: a path; the bytes of a file; or an array `(h, w)`, `(h, w, 1)`, `(h, w, 3)` RGB or
            `(h, w, 4)` RGBA, of uint8, uint16, bool, or floats of 0 to 1.

    Raises:
        ImageTooLarge: more than 20 MB or 64 megapixels.
        InvalidImage: anything else that keeps the picture from being read. For a path the message
            begins with the path.
        TypeError: the source is none of these.
    """
    if isinstance(source, np.ndarray):
        return _decode_array(source)
    if isinstance(source, bytes):
        return _decode_bytes(source)
    if isinstance(source, str | Path):
        try:
            return _decode_bytes(_read(Path(source)))
        except InvalidImage as error:
            raise type(error)(f"{source}: {error}") from error
    raise TypeError(f"A picture is a path, bytes or an array. Received: {type(source).__name__}")


def _read(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise InvalidImage("This is a folder, not a picture.")
        if not path.exists():
            raise InvalidImage("There is no such file.")
        if not path.is_file():
            raise InvalidImage("This is not an ordinary file.")
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise InvalidImage(f"The file cannot be opened ({reason}).") from error


def _decode_bytes(data: bytes) -> Picture:
    if not data:
        raise InvalidImage("The file is empty. Copy or upload it again.")
    if len(data) > MAX_BYTES:
        raise ImageTooLarge(
            f"The file has more than {MAX_BYTES // 1_000_000} MB. Save the picture smaller and try"
            " again."
        )
    pixels = 0
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            _check_size(*image.size)
            pixels = image.width * image.height
            scans = data.count(b"\xff\xda") if image.format in ("JPEG", "MPO") else 1
            if scans * pixels > _MAX_SCANNED_PIXELS:
                raise InvalidImage(f"The picture is stored in too many passes. {_HOW_TO_SAVE}")
            return _decode_image(image)
    except InvalidImage:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels() from error
    except MemoryError as error:
        raise ImageTooLarge(
            "There is not enough memory to decode this picture. Save it smaller and try again."
        ) from error
    except Exception as error:  # Each decoder has its own way to fail; to the reader they are one.
        if isinstance(error, UnidentifiedImageError) and not _has_signature(data):
            raise InvalidImage(
                "This is not a picture this program can read. Use JPEG, PNG, WebP, AVIF, HEIC, GIF,"
                " TIFF or BMP."
            ) from error
        # Not every decoder says that it failed for want of memory, and WebP's does when it is opened.
        if pixels > _LARGE_PIXELS or (not pixels and data[8:12] == b"WEBP"):
            raise InvalidImage(
                "The picture is damaged or was cut off, or there is not enough memory to decode it."
                " Copy it again, or save it smaller."
            ) from error
        raise InvalidImage(
            "The picture is damaged or was cut off, and cannot be decoded. Copy or save it again."
        ) from error


def _has_signature(data: bytes) -> bool:
    """Whether the first bytes announce one of the formats."""
    accepts = (Image.OPEN[name][1] for name in _FORMATS)
    return any(accept is not None and accept(data[:16]) for accept in accepts)


def _too_many_pixels() -> ImageTooLarge:
    return ImageTooLarge(
        f"The picture has more than {MAX_PIXELS // 1_000_000} megapixels. Save it smaller and try"
        " again."
    )


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise _too_many_pixels()
    if min(width, height) < MIN_SIDE:
        raise InvalidImage(
            f"The picture is too small ({width} x {height} pixels). Each side needs at least"
            f" {MIN_SIDE}."
        )


def _decode_image(image: Image.Image) -> Picture:
    size = image.size
    if image.mode in ("I", "F"):
        raise InvalidImage(f"The picture has 32 bits per colour. {_HOW_TO_SAVE}")
    longer = max(size)
    divisor = next(step for step in (8, 4, 2, 1) if longer >= step * _DRAFT_SIDE or step == 1)
    if divisor > 1:  # Only JPEG does anything with it.
        image.draft(None, (max(1, size[0] // divisor), max(1, size[1] // divisor)))
    announced = image.size
    # A progressive JPEG is held in full while it is decoded, whatever the divisor.
    width, height = size if image.info.get("progressive") else image.size
    large = width * height > _LARGE_PIXELS
    with _large_decode if large else nullcontext():
        image.load()
        if image.size != announced:  # HEIC may announce another size than its pixels have.
            size = image.size
            _check_size(*size)
        pixels = _reduced(
            lambda top, bottom: np.asarray(_opaque(_rows(image, top, bottom))), *image.size
        )
    # Only now: TIFF is turned upright by its decoder, which then says so, and PNG's may come last.
    pixels, turned = _upright(pixels, _orientation(image))
    return Picture(pixels, *(size[::-1] if turned else size))


def _rows(image: Image.Image, top: int, bottom: int) -> Image.Image:
    if (top, bottom) == (0, image.height):
        return image
    return image.crop((0, top, image.width, bottom))


def _opaque(image: Image.Image) -> Image.Image:
    """Any mode as RGB of 8 bits, over white."""
    if image.mode.startswith("I;16"):
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image if image.mode == "RGB" else image.convert("RGB")


def _reduced(rows: Callable[[int, int], np.ndarray], width: int, height: int) -> np.ndarray:
    """Brings a picture's longer side to at most `WORKING_SIDE` by averaging over areas.

    A picture of more than twice that is first averaged over whole squares of pixels, strip by
    strip, so that there is never an RGB copy of it in full size.

    Args:
        rows: gives the rows from one number up to another as `(rows, width, 3)` uint8.
        width: of the picture.
        height: of the picture.
    """
    factor = max(width, height) // WORKING_SIDE
    if factor > 1:
        step = factor * max(1, _STRIP_PIXELS // (factor * width))
        strips = []
        for top in range(0, height, step):
            strip = rows(top, min(top + step, height))
            reduced = (-(-width // factor), -(-len(strip) // factor))
            strips.append(cv2.resize(strip, reduced, interpolation=cv2.INTER_AREA))
        pixels = np.concatenate(strips)
    else:
        step = max(1, _STRIP_PIXELS // width)
        strips = [rows(top, min(top + step, height)) for top in range(0, height, step)]
        pixels = strips[0] if len(strips) == 1 else np.concatenate(strips)
    height, width = pixels.shape[:2]
    scale = WORKING_SIDE / max(height, width)
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return pixels


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8."""
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # Broken EXIF data in a sound picture: it is shown as it is.
        return 1
    return value if value in range(1, 9) else 1


def _upright(pixels: np.ndarray, orientation: int) -> tuple[np.ndarray, bool]:
    """The upright picture, and whether width and height changed places."""
    turned = orientation >= 5
    if turned:
        pixels = pixels.swapaxes(0, 1)
    # What is left is a flip of the upright rows (3, 4, 7, 8) and of its columns (2, 3, 6, 7).
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels), turned


def _decode_array(array: np.ndarray) -> Picture:
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
        raise InvalidImage(
            "An array of a picture is (height, width), or (height, width, channels) with 1, 3 or 4"
            f" channels. Received: shape={array.shape}"
        )
    height, width = array.shape[:2]
    _check_size(width, height)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if np.issubdtype(array.dtype, np.floating):
        # Neither comparison holds for NaN.
        low, high = float(array.min()), float(array.max())
        if not (low >= 0 and high <= 1):
            raise InvalidImage(
                "An array of floats has values of 0 to 1, none of them NaN or infinite. Received:"
                f" {low:g} to {high:g}"
            )
    elif array.dtype not in (np.uint8, np.uint16, np.bool_):
        raise InvalidImage(
            "An array of a picture is uint8, uint16, bool, or floats of 0 to 1. Received:"
            f" {array.dtype}"
        )
    pixels = _reduced(lambda top, bottom: _rgb_of(array[top:bottom]), width, height)
    return Picture(np.ascontiguousarray(pixels), width, height)


def _rgb_of(array: np.ndarray) -> np.ndarray:
    if array.dtype == np.uint16:
        array = (array >> 8).astype(np.uint8)
    elif array.dtype == np.bool_:
        array = array.astype(np.uint8) * np.uint8(255)
    elif array.dtype != np.uint8:
        array = np.rint(array.astype(np.float32) * 255).astype(np.uint8)
    if array.shape[2:] == (3,):
        return array
    return np.asarray(_opaque(Image.fromarray(np.ascontiguousarray(array))))
