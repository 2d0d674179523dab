"""Pixels of any kind and depth, from a decoder or an array, as RGB of 8 bits and bounded size."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import ExifTags, Image, TiffImagePlugin

from preprocessing.limits import HOW_TO_SAVE, WORKING_SIDE, InvalidImage, check_size
from preprocessing.reducing import reduced_to

# A JPEG is decoded at 1/2, 1/4 or 1/8 of its size as long as its longer side stays above this: half
# as much again as the face detector looks at, for crops of small faces.
_DRAFT_SIDE = 1920

# Pixels are copied in strips: no other thread of the program runs while one is copied.
_STRIP_PIXELS = 1_000_000

# Resizing with cubic or Lanczos weights goes beyond the values it was given, at a sharp edge by a
# quarter of their difference. No other convention of values stays so close to 0 to 1.
_OVERSHOOT = 0.3

_YCBCR = 6  # of TIFF's tag 262, the kind of colours


@dataclass(frozen=True, eq=False)
class Stored:
    """A picture as its file stores it, before it is turned upright.

    Attributes:
        pixels: `(h, w, 3)` uint8 RGB, its longer side at most 2560.
        width: of the stored original.
        height: likewise.
        orientation: EXIF's, 1 to 8.
    """

    pixels: np.ndarray
    width: int
    height: int
    orientation: int


def draft(image: Image.Image) -> None:
    """Has a large JPEG decoded smaller; the other formats do not know how to."""
    longer = max(image.size)
    divisor = next(step for step in (8, 4, 2, 1) if longer >= step * _DRAFT_SIDE or step == 1)
    if divisor > 1:
        image.draft(None, tuple(max(1, side // divisor) for side in image.size))  # type: ignore[arg-type]


def stored(image: Image.Image, size: tuple[int, int], file: bytes = b"") -> Stored:
    """Decodes an opened picture.

    Args:
        image: opened, and perhaps drafted.
        size: its width and height before it was drafted.
        file: the file it was opened from, where there is one.

    Raises:
        InvalidImage: its pixels are of a kind that cannot be shown.
    """
    announced = image.size
    unpack_ycbcr(image)
    # Of 16-bit colours Pillow keeps the upper 8.
    halved = any(";16" in str(tile.args) for tile in getattr(image, "tile", ()))
    image.load()
    if image.size != announced:  # HEIC may announce another size than its pixels have.
        size = image.size
        check_size(*size)
    rows = _rows_of(image)
    if halved and image.mode in ("RGB", "RGBA", "LA") and _highest(image) < 128:
        rows = rows_of_array(_deep(file, image.size), of_file=True)
    pixels = reduced_by_strips(rows, *image.size)
    # Only now: TIFF is turned upright by its decoder, which then says so, and PNG's may come last.
    return Stored(pixels, *size, _orientation(image))


def _highest(image: Image.Image) -> int:
    """The largest value of any colour."""
    bands = [image.getchannel(name) for name in image.getbands() if name != "A"]
    return max(int(band.getextrema()[1]) for band in bands)  # type: ignore[arg-type]


def unpack_ycbcr(image: Image.Image) -> None:
    """Hands an uncompressed TIFF of YCbCr to libtiff; Pillow expects it to be RGB."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile) or not image.tile:
        return
    if image.tag_v2.get(262) == _YCBCR and image.tile[0].codec_name == "raw":
        whole = (0, 0, *image.size)
        options = ("RGBX", "raw", False, image.tag_v2._offset)
        image.tile = [
            image.tile[0]._replace(codec_name="libtiff", extents=whole, offset=0, args=options)
        ]
        image.use_load_libtiff = True


def _deep(file: bytes, size: tuple[int, int]) -> np.ndarray:
    """The 16-bit colours of a PNG or TIFF whose upper bits are not used."""
    deep = cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_UNCHANGED) if file else None
    if deep is None or deep.dtype != np.uint16 or deep.ndim != 3 or deep.shape[1::-1] != size:
        raise InvalidImage(
            f"The picture's colours use only the lower part of their 16 bits. {HOW_TO_SAVE}"
        )
    code = cv2.COLOR_BGRA2RGBA if deep.shape[2] == 4 else cv2.COLOR_BGR2RGB
    return cv2.cvtColor(deep, code)


def _rows_of(image: Image.Image) -> Callable[[int, int], np.ndarray]:
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return rows_of_array(np.asarray(image), of_file=True)
    return lambda top, bottom: np.asarray(_opaque(_cut(image, top, bottom)))


def _cut(image: Image.Image, top: int, bottom: int) -> Image.Image:
    if (top, bottom) == (0, image.height):
        return image
    return image.crop((0, top, image.width, bottom))


def _opaque(image: Image.Image) -> Image.Image:
    """Any mode of 8 bits as RGB, over white."""
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image if image.mode == "RGB" else image.convert("RGB")


def rows_of_array(array: np.ndarray, of_file: bool) -> Callable[[int, int], np.ndarray]:
    """How to read rows of an array as RGB of 8 bits.

    Numbers of more than 8 bits rarely fill their type: a camera's 12 bits in a file of 16 would be
    black. They are taken to fill as many bits as the largest of them needs, 8 or more.

    Args:
        array: `(h, w)`, `(h, w, 3)` or `(h, w, 4)` of uint8, bool, larger integers or floats.
        of_file: whether floats are a file's, in which nobody knows their meaning: what lies outside
            0 to 1 stretches that range. Otherwise what lies a little outside is cut off.

    Raises:
        InvalidImage: the floats are too far outside 0 to 1, or not all are numbers.
    """
    if array.dtype == np.uint8:
        return lambda top, bottom: _rgb(array[top:bottom])
    if array.dtype == np.bool_ or np.issubdtype(array.dtype, np.floating):
        low, high = (0.0, 1.0) if array.dtype == np.bool_ else _range_of_floats(array, of_file)
        return lambda top, bottom: _rgb(_levels(array[top:bottom], low, high))
    colours = array[:, :, :3] if array.ndim == 3 else array
    smallest = min(0, int(colours.min()))
    shift: int | np.ndarray = _surplus_bits(int(colours.max()) - smallest)
    if array.shape[2:] == (4,):  # Opacity has a range of its own.
        shift = np.array([shift] * 3 + [_surplus_bits(int(array[:, :, 3].max()))])
    return lambda top, bottom: _rgb(
        ((array[top:bottom].astype(np.int64) - smallest) >> shift).astype(np.uint8)
    )


def _surplus_bits(largest: int) -> int:
    return max(0, largest.bit_length() - 8)


def _range_of_floats(array: np.ndarray, of_file: bool) -> tuple[float, float]:
    low, high = float(array.min()), float(array.max())
    if of_file and np.isfinite([low, high]).all():
        return min(0.0, low), max(1.0, high)
    # No comparison holds for NaN.
    if not (low >= -_OVERSHOOT and high <= 1 + _OVERSHOOT):
        raise InvalidImage(
            "The picture's floats are not all numbers: some are NaN or infinite."
            if of_file
            else "An array of floats has values of 0 to 1, none of them NaN or infinite. Received:"
            f" {low:g} to {high:g}"
        )
    return 0.0, 1.0


def _levels(values: np.ndarray, low: float, high: float) -> np.ndarray:
    shares: np.ndarray = (values.astype(np.float32) - np.float32(low)) / np.float32(high - low)
    return np.asarray(np.rint(shares.clip(0, 1) * 255), np.uint8)


def _rgb(array: np.ndarray) -> np.ndarray:
    if array.shape[2:] == (3,):
        return array
    return np.asarray(_opaque(Image.fromarray(np.ascontiguousarray(array))))


def reduced_by_strips(
    rows: Callable[[int, int], np.ndarray], width: int, height: int
) -> np.ndarray:
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
            small = (-(-width // factor), -(-len(strip) // factor))
            strips.append(cv2.resize(strip, small, interpolation=cv2.INTER_AREA))
        pixels = np.concatenate(strips)
    else:
        step = max(1, _STRIP_PIXELS // width)
        strips = [rows(top, min(top + step, height)) for top in range(0, height, step)]
        pixels = strips[0] if len(strips) == 1 else np.concatenate(strips)
    return reduced_to(pixels, WORKING_SIDE)


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8."""
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # Broken EXIF data in a sound picture: it is shown as it is.
        return 1
    return value if value in range(1, 9) else 1


def upright(pixels: np.ndarray, orientation: int) -> tuple[np.ndarray, bool]:
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
