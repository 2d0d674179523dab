"""Converts pixels of any kind and depth, from a decoder or an array, to 8-bit RGB of bounded size."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import ExifTags, Image, TiffImagePlugin

from preprocessing.limits import HOW_TO_SAVE, WORKING_SIDE, InvalidImage, check_size
from preprocessing.reducing import reduced_to

# A large JPEG is decoded at 1/2, 1/4 or 1/8 of its size, but its longer side stays at least this long:
# one and a half times what the face detector sees, so that small faces are cut out sharp.
_DRAFT_SIDE = 1920

# Pixels are copied in strips, because no other thread runs while Pillow copies.
_STRIP_PIXELS = 1_000_000

# How far floats may lie outside 0 to 1. Cubic and Lanczos resizing overshoot a sharp edge by a quarter
# of its height; floats of any other convention lie further outside.
_OVERSHOOT = 0.3

_YCBCR = 6  # the value of TIFF's tag 262, PhotometricInterpretation


@dataclass(frozen=True, eq=False)
class StoredPicture:
    """A decoded picture as its file stores it, not yet turned upright.

    Attributes:
        pixels: `(h, w, 3)` uint8 RGB, with the longer side at most 2560.
        width: the width of the stored original, in pixels.
        height: the height of the stored original, in pixels.
        orientation: the EXIF orientation, 1 to 8.
    """

    pixels: np.ndarray
    width: int
    height: int
    orientation: int


def draft(image: Image.Image) -> None:
    """Asks the decoder for a smaller copy of a large JPEG; other formats cannot do this."""
    longer = max(image.size)
    divisor = next(step for step in (8, 4, 2, 1) if longer >= step * _DRAFT_SIDE or step == 1)
    if divisor > 1:
        image.draft(None, tuple(max(1, side // divisor) for side in image.size))  # type: ignore[arg-type]


def decode_opened(image: Image.Image, size: tuple[int, int], file: bytes = b"") -> StoredPicture:
    """Decodes an opened picture.

    Args:
        image: the opened picture, perhaps drafted smaller.
        size: the width and height before `draft`, in pixels.
        file: the bytes of the picture's file; empty if there is none.

    Raises:
        InvalidImage: the pixels are of a kind that cannot be shown.
    """
    announced = image.size
    unpack_ycbcr(image)
    # Pillow keeps only the upper 8 bits of 16-bit colours.
    loses_lower_bits = any(";16" in str(tile.args) for tile in getattr(image, "tile", ()))
    image.load()
    if image.size != announced:  # HEIC may announce a size that its pixels do not have.
        size = image.size
        check_size(*size)
    rows = _rows_of(image)
    if loses_lower_bits and image.mode in ("RGB", "RGBA", "LA") and _highest(image) < 128:
        rows = rows_of_array(_decode_16_bit(file, image.size), from_file=True)
    pixels = reduced_by_strips(rows, *image.size)
    # Read last: TIFF's decoder turns the picture and resets this, and PNG may store it at the end.
    return StoredPicture(pixels, *size, _orientation(image))


def _highest(image: Image.Image) -> int:
    """The largest value in any colour channel."""
    bands = [image.getchannel(name) for name in image.getbands() if name != "A"]
    return max(int(band.getextrema()[1]) for band in bands)  # type: ignore[arg-type]


def unpack_ycbcr(image: Image.Image) -> None:
    """Lets libtiff decode an uncompressed YCbCr TIFF, which Pillow would read as RGB."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile) or not image.tile:
        return
    if image.tag_v2.get(262) == _YCBCR and image.tile[0].codec_name == "raw":
        whole = (0, 0, *image.size)
        options = ("RGBX", "raw", False, image.tag_v2._offset)
        image.tile = [
            image.tile[0]._replace(codec_name="libtiff", extents=whole, offset=0, args=options)
        ]
        image.use_load_libtiff = True


def _decode_16_bit(file: bytes, size: tuple[int, int]) -> np.ndarray:
    """Decodes a PNG or TIFF whose 16-bit colours leave the upper bits unused."""
    deep = cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_UNCHANGED) if file else None
    if deep is None or deep.dtype != np.uint16 or deep.ndim != 3 or deep.shape[1::-1] != size:
        raise InvalidImage(
            f"The picture's colours use only the lower part of their 16 bits. {HOW_TO_SAVE}"
        )
    code = cv2.COLOR_BGRA2RGBA if deep.shape[2] == 4 else cv2.COLOR_BGR2RGB
    return cv2.cvtColor(deep, code)


def _rows_of(image: Image.Image) -> Callable[[int, int], np.ndarray]:
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return rows_of_array(np.asarray(image), from_file=True)
    return lambda top, bottom: np.asarray(_to_opaque_rgb(_cut(image, top, bottom)))


def _cut(image: Image.Image, top: int, bottom: int) -> Image.Image:
    if (top, bottom) == (0, image.height):
        return image
    return image.crop((0, top, image.width, bottom))


def _to_opaque_rgb(image: Image.Image) -> Image.Image:
    """Converts a picture of any 8-bit mode to RGB, shown over white."""
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image if image.mode == "RGB" else image.convert("RGB")


def rows_of_array(array: np.ndarray, from_file: bool) -> Callable[[int, int], np.ndarray]:
    """Returns a function that reads rows of an array as 8-bit RGB.

    Integers of more than 8 bits rarely use their whole range: a camera's 12 bits in a 16-bit file
    would look black. So the range ends at the bits that the largest integer needs, 8 or more.

    Args:
        array: `(h, w)`, `(h, w, 3)` or `(h, w, 4)` of uint8, bool, larger integers or floats.
        from_file: whether the array comes from a file. A file does not say what its floats mean, so
            floats outside 0 to 1 stretch that range. In other arrays, floats slightly outside 0 to 1
            are clipped.

    Raises:
        InvalidImage: floats are too far outside 0 to 1, NaN or infinite.
    """
    if array.dtype == np.uint8:
        return lambda top, bottom: _to_rgb(array[top:bottom])
    if array.dtype == np.bool_ or np.issubdtype(array.dtype, np.floating):
        low, high = (0.0, 1.0) if array.dtype == np.bool_ else _range_of_floats(array, from_file)
        return lambda top, bottom: _to_rgb(_to_8_bit(array[top:bottom], low, high))
    colours = array[:, :, :3] if array.ndim == 3 else array
    smallest = min(0, int(colours.min()))
    shift: int | np.ndarray = _surplus_bits(int(colours.max()) - smallest)
    if array.shape[2:] == (4,):  # Opacity has its own range.
        shift = np.array([shift] * 3 + [_surplus_bits(int(array[:, :, 3].max()))])
    return lambda top, bottom: _to_rgb(
        ((array[top:bottom].astype(np.int64) - smallest) >> shift).astype(np.uint8)
    )


def _surplus_bits(largest: int) -> int:
    return max(0, largest.bit_length() - 8)


def _range_of_floats(array: np.ndarray, from_file: bool) -> tuple[float, float]:
    low, high = float(array.min()), float(array.max())
    if from_file and np.isfinite([low, high]).all():
        return min(0.0, low), max(1.0, high)
    # Written so that NaN fails, too: no comparison with NaN is true.
    if not (low >= -_OVERSHOOT and high <= 1 + _OVERSHOOT):
        raise InvalidImage(
            "The picture's floats are not all numbers: some are NaN or infinite."
            if from_file
            else "An array of floats must have values of 0 to 1, not NaN or infinite. Received:"
            f" {low:g} to {high:g}"
        )
    return 0.0, 1.0


def _to_8_bit(values: np.ndarray, low: float, high: float) -> np.ndarray:
    shares: np.ndarray = (values.astype(np.float32) - np.float32(low)) / np.float32(high - low)
    return np.asarray(np.rint(shares.clip(0, 1) * 255), np.uint8)


def _to_rgb(array: np.ndarray) -> np.ndarray:
    if array.shape[2:] == (3,):
        return array
    return np.asarray(_to_opaque_rgb(Image.fromarray(np.ascontiguousarray(array))))


def reduced_by_strips(
    rows: Callable[[int, int], np.ndarray], width: int, height: int
) -> np.ndarray:
    """Reduces a picture's longer side to at most `WORKING_SIDE` by averaging over areas.

    A picture of at least twice that size is first averaged over squares of whole pixels, strip by
    strip, so memory never holds an RGB copy in full size.

    Args:
        rows: returns the rows from a first row up to a last, as `(rows, width, 3)` uint8.
        width: the picture's width in pixels.
        height: the picture's height in pixels.
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
    except Exception:  # The picture is intact and only its EXIF data broken.
        return 1
    return value if value in range(1, 9) else 1


def upright(pixels: np.ndarray, orientation: int) -> tuple[np.ndarray, bool]:
    """Turns a picture upright; also returns whether width and height were swapped."""
    turned = orientation >= 5
    if turned:
        pixels = pixels.swapaxes(0, 1)
    # Then flip the rows (orientations 3, 4, 7, 8) and the columns (2, 3, 6, 7).
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels), turned
