"""Damaged files are read as far as possible, with a warning of how much is missing."""

import io
import re

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageFile
from skimage import data as samples

from preprocessing.images import InvalidImage, Picture, decode

KINDS = {
    "JPEG": ("JPEG", {"quality": 90}),
    "JPEG in restart intervals": ("JPEG", {"restart_marker_rows": 1}),
    "PNG": ("PNG", {}),
    "WebP": ("WEBP", {}),
    "lossless WebP": ("WEBP", {"lossless": True}),
    "AVIF": ("AVIF", {}),
    "HEIC": ("HEIF", {}),
    "GIF": ("GIF", {"interlace": False}),
    "TIFF": ("TIFF", {}),
    "BMP": ("BMP", {}),
}


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    return Image.fromarray(samples.astronaut()).resize((320, 300))


def saved(image: Image.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    if form == "HEIF":
        pillow_heif.from_pillow(image).save(file, quality=90, **options)
    else:
        image.save(file, form, **options)
    return file.getvalue()


def missing(picture: Picture) -> int:
    """The percentage in the warning."""
    [sentence] = picture.warnings
    assert re.fullmatch(r"The file is damaged or was cut off.*\.", sentence)
    told = re.search(r"about (\d+)%", sentence)
    return int(told[1]) if told else 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore")
def test_decode_reads_a_cut_file_as_far_as_it_goes(photo: Image.Image, kind: str) -> None:
    form, options = KINDS[kind]
    data = saved(photo, form, **options)
    whole = decode(data)
    assert whole.warnings == ()
    for lost in (14, len(data) // 50, len(data) // 20):
        picture = decode(data[:-lost])
        assert picture.pixels.shape == whole.pixels.shape
        share = missing(picture)
        # Nothing differs above the block where the missing part begins.
        rows = 300 - (3 * share + (72 if kind in ("AVIF", "HEIC") else 24))
        same = picture.pixels == whole.pixels
        assert (same[-rows:] if kind == "BMP" else same[:rows]).all()
        assert share <= 11
        wrong = (np.abs(picture.pixels.astype(int) - whole.pixels) > 40).any(axis=2).mean()
        assert 100 * wrong <= share + 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore")
def test_decode_refuses_a_file_that_lacks_a_fifth(photo: Image.Image, kind: str) -> None:
    form, options = KINDS[kind]
    data = saved(photo, form, **options)
    with pytest.raises(InvalidImage, match="damaged or was cut off"):
        decode(data[: len(data) * 4 // 5])


@pytest.mark.parametrize(("kind", "lost"), [("JPEG", 2), ("JPEG", 1), ("PNG", 12), ("PNG", 1)])
def test_decode_loses_no_pixel_with_the_end_marker(
    photo: Image.Image, kind: str, lost: int
) -> None:
    data = saved(photo, kind)
    picture = decode(data[:-lost])
    assert np.array_equal(picture.pixels, decode(data).pixels)
    assert missing(picture) == 0


@pytest.mark.parametrize("size", [(96, 80), (640, 480), (4000, 3000)])
@pytest.mark.parametrize("progressive", [False, True])
def test_decode_reads_jpegs_of_any_size_without_their_last_two_bytes(
    photo: Image.Image, size: tuple[int, int], progressive: bool
) -> None:
    data = saved(photo.resize(size), "JPEG", progressive=progressive)
    picture = decode(data[:-2])
    assert missing(picture) == 0
    assert np.array_equal(picture.pixels, decode(data).pixels)


def test_decode_reads_nearly_all_from_half_a_progressive_jpeg(photo: Image.Image) -> None:
    data = saved(photo, "JPEG", quality=90, progressive=True)
    whole = decode(data).pixels.astype(int)
    picture = decode(data[: len(data) // 2])
    assert missing(picture) == 0
    assert np.abs(picture.pixels - whole).mean() < 8
    with pytest.raises(InvalidImage, match="more than a tenth of it is missing"):
        decode(data[: len(data) // 5])


def test_decode_reads_a_cut_jpeg_that_lacks_only_colour(photo: Image.Image) -> None:
    colour = saved(photo, "JPEG", subsampling=0)
    grey = saved(photo.convert("L"), "JPEG")
    header = colour[: colour.rfind(b"\xff\xda")]
    brightness, blue = b"\xff\xda\0\x08\1\1\0\0\x3f\0", b"\xff\xda\0\x08\1\2\x11\0\x3f\0"
    passes = brightness + grey[grey.rfind(b"\xff\xda") + 10 : -2] + blue
    picture = decode(header + passes)
    assert missing(picture) == 0
    assert np.abs(picture.pixels.astype(int) - decode(grey).pixels).max() <= 2


@pytest.mark.parametrize("level", [0, 128])
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "BMP"])
def test_decode_does_not_judge_missing_rows_by_their_colour(
    photo: Image.Image, form: str, level: int
) -> None:
    pixels = np.array(photo)
    pixels[60:240] = level
    if form == "BMP":  # stored from bottom to top
        pixels = pixels[::-1]
    data = saved(Image.fromarray(pixels), form)
    assert missing(decode(data[:-20])) <= 5
    # The photograph's own rows are lost, and some rows of one colour too.
    with pytest.raises(InvalidImage, match="more than a tenth of it is missing"):
        decode(data[: len(data) * 2 // 5])


@pytest.mark.parametrize("mode", ["1", "P", "L", "LA", "RGBA", "I;16"])
def test_decode_counts_the_missing_rows_of_every_kind_of_png(photo: Image.Image, mode: str) -> None:
    image = Image.new("I;16", photo.size, 40_000) if mode == "I;16" else photo.convert(mode)
    pixels = image.tobytes()
    data = saved(image, "PNG", compress_level=0)
    stored = len(pixels) // 300 + 1
    picture = decode(data[: len(data) - 16 - 15 * stored])
    assert missing(picture) in (5, 6)
    whole = decode(data).pixels
    assert np.array_equal(picture.pixels[:282], whole[:282])


def test_decode_reads_cut_narrow_pictures(photo: Image.Image) -> None:
    for width in (16, 40, 63):
        data = saved(photo.resize((width, 300)), "BMP")
        assert missing(decode(data[: len(data) * 96 // 100])) in (4, 5)


def test_decode_leaves_pillows_process_wide_switch_alone(photo: Image.Image) -> None:
    decode(saved(photo, "JPEG")[:-3])
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False


def test_decode_refuses_a_cut_file_that_announces_gigabytes(photo: Image.Image) -> None:
    data = bytearray(saved(photo, "WEBP"))
    data[4:8] = b"\xff\xff\xff\x7f"
    with pytest.raises(InvalidImage, match="damaged or was cut off"):
        decode(bytes(data))


def test_decode_turns_a_cut_picture_upright(photo: Image.Image) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = photo.transpose(Image.Transpose.ROTATE_90)
    for form in ("JPEG", "PNG", "TIFF"):
        data = saved(turned, form, exif=exif)
        picture = decode(data[: len(data) * 96 // 100])
        assert (picture.width, picture.height) == photo.size
        # The last stored rows are the left or right columns of the upright picture.
        wrong = np.abs(picture.pixels.astype(int) - np.asarray(photo)).mean(axis=(0, 2)) > 30
        assert wrong[:60].sum() + wrong[-60:].sum() == wrong.sum()
