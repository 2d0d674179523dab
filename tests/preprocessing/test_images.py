"""Decoding of every format and mode, EXIF, limits, and the sentences for unreadable pictures."""

import base64
import io
import os
import struct
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pillow_heif
import pytest
from matplotlib.cbook import get_sample_data
from PIL import ExifTags, Image, ImageFile

from preprocessing import images, pixels
from preprocessing.images import ImageTooLarge, InvalidImage, decode

# How a camera stores an upright picture under each EXIF orientation.
STORED_AS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.fixture(scope="module")
def path() -> Path:
    return Path(get_sample_data("grace_hopper.jpg", asfileobj=False))


@pytest.fixture(scope="module")
def photo(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB")


def saved(image: Image.Image, format: str, **options: object) -> bytes:
    file = io.BytesIO()
    if format == "HEIF":
        # Slower encoding takes seven times as long and is decoded in the same way.
        quick = {"preset": "ultrafast"}
        pillow_heif.from_pillow(image).save(file, quality=90, enc_params=quick, **options)
    else:
        image.save(file, format, **options)
    return file.getvalue()


def png(width: int, height: int, bits: int = 1, colour: int = 0) -> bytes:
    """A black PNG of any size, written directly: Pillow would need all pixels in memory."""
    row = bytes(1 + (width * bits + 7) // 8)
    packer = zlib.compressobj(1)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", packed), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def difference(pixels: np.ndarray, expected: Image.Image | np.ndarray) -> float:
    """The mean difference of two RGB pictures in grey levels."""
    assert pixels.dtype == np.uint8
    assert pixels.shape == np.asarray(expected).shape
    return float(np.abs(pixels.astype(int) - np.asarray(expected)).mean())


class TestFormats:
    @pytest.mark.parametrize(
        ("format", "options", "tolerance"),
        [
            ("JPEG", {"quality": 95}, 2),
            ("JPEG", {"quality": 95, "progressive": True}, 2),
            ("PNG", {}, 0),
            ("WEBP", {"lossless": True}, 0),
            ("WEBP", {"quality": 90}, 4),
            ("AVIF", {"quality": 90}, 3),
            ("HEIF", {}, 2),
            ("GIF", {}, 6),
            ("TIFF", {}, 0),
            ("TIFF", {"compression": "tiff_lzw"}, 0),
            ("BMP", {}, 0),
        ],
    )
    def test_decode_reads_every_format_from_bytes_and_file(
        self, photo: Image.Image, tmp_path: Path, format: str, options: dict, tolerance: float
    ) -> None:
        data = saved(photo, format, **options)
        file = tmp_path / "picture"
        file.write_bytes(data)
        picture = decode(data)
        assert (picture.width, picture.height, picture.scale) == (*photo.size, 1)
        assert picture.pixels.flags.c_contiguous
        assert difference(picture.pixels, photo) <= tolerance
        for source in (file, str(file)):
            assert np.array_equal(decode(source).pixels, picture.pixels)

    @pytest.mark.parametrize("format", ["AVIF", "HEIF"])
    @pytest.mark.parametrize("brand", [b"mif1", None])
    def test_decode_reads_the_brand_that_both_heif_formats_claim(
        self, photo: Image.Image, format: str, brand: bytes | None
    ) -> None:
        data = saved(photo, format)
        own = b"avif" if format == "AVIF" else b"heic"
        data = data[:8] + (brand or own) + data[12:]
        assert difference(decode(data).pixels, photo) < 3

    def test_decode_reads_an_inverted_cmyk_jpeg(self, photo: Image.Image) -> None:
        data = saved(photo.convert("CMYK"), "JPEG", quality=95)
        assert b"Adobe" in data[:1000]
        assert difference(decode(data).pixels, photo) < 3

    @pytest.mark.parametrize("format", ["JPEG", "PNG", "HEIF", "WEBP", "TIFF"])
    def test_decode_gives_grey_three_equal_channels(self, photo: Image.Image, format: str) -> None:
        grey = photo.convert("L")
        options = {"lossless": True} if format == "WEBP" else {}
        pixels = decode(saved(grey, format, **options)).pixels
        assert difference(pixels, grey.convert("RGB")) < 2
        assert np.ptp(pixels.astype(int), axis=2).max() == 0

    @pytest.mark.parametrize("format", ["MPO", "GIF", "TIFF", "WEBP"])
    def test_decode_takes_the_first_of_several_frames(
        self, photo: Image.Image, format: str
    ) -> None:
        black = Image.new("RGB", photo.size)
        data = saved(photo, format, save_all=True, append_images=[black])
        with Image.open(io.BytesIO(data)) as image:
            assert (image.format, getattr(image, "n_frames", 1)) == (format, 2)
        assert difference(decode(data).pixels, photo) < 6

    def test_decode_keeps_the_upper_8_of_16_bits(self, photo: Image.Image) -> None:
        grey = np.asarray(photo.convert("L"))
        deep = grey.astype(np.uint16) << 8 | 0xA5
        for format in ("PNG", "TIFF"):
            pixels = decode(saved(Image.fromarray(deep), format)).pixels
            assert np.array_equal(pixels[:, :, 1], grey)
        colour = np.asarray(photo).astype(np.uint16) << 8 | 0x3C
        data = cv2.imencode(".png", colour[:, :, ::-1])[1].tobytes()
        assert data[24] == 16
        assert np.array_equal(decode(data).pixels, np.asarray(photo))

    def test_decode_reads_palettes_and_one_bit(self, photo: Image.Image) -> None:
        for mode in ("P", "1"):
            image = photo.convert(mode)
            expected = np.asarray(image.convert("RGB"))
            assert np.array_equal(decode(saved(image, "PNG")).pixels, expected)

    @pytest.mark.parametrize("format", ["PNG", "WEBP", "AVIF", "HEIF", "TIFF"])
    def test_decode_shows_alpha_over_white(self, photo: Image.Image, format: str) -> None:
        alpha = np.full((photo.height, photo.width), 128, np.uint8)
        alpha[:300] = 0
        image = photo.copy()
        image.putalpha(Image.fromarray(alpha))
        pixels = decode(saved(image, format)).pixels
        assert pixels[:290].min() >= 250
        half = np.asarray(photo)[310:].astype(int) * 128 / 255 + 127
        assert np.abs(pixels[310:] - half).mean() < 3

    def test_decode_shows_transparent_palette_and_grey_over_white(self, photo: Image.Image) -> None:
        image = Image.new("P", (40, 30), 1)
        image.putpalette([255, 0, 0, 0, 0, 255])
        image.paste(0, (0, 0, 20, 30))
        for format in ("PNG", "GIF"):
            pixels = decode(saved(image, format, transparency=0)).pixels
            assert pixels[:, :20].min() == 255
            assert (pixels[:, 20:] == (0, 0, 255)).all()
        grey = np.asarray(photo.convert("L").convert("RGB"))
        assert np.array_equal(decode(saved(photo.convert("LA"), "PNG")).pixels, grey)

    @pytest.mark.parametrize("scale", [1, 255, 65535])
    def test_decode_reads_32_bit_floats_by_their_own_range(
        self, photo: Image.Image, scale: float
    ) -> None:
        grey = np.asarray(photo.convert("L"))
        floats = Image.fromarray(grey.astype(np.float32) / grey.max() * np.float32(scale))
        expected = grey.astype(float)[:, :, None] * (255 / grey.max())
        assert np.abs(decode(saved(floats, "TIFF")).pixels - expected).max() <= 1

    def test_decode_makes_floats_below_0_the_darkest(self) -> None:
        ramp = np.tile(np.linspace(-5, 5, 256, dtype=np.float32), (20, 1))
        assert np.array_equal(
            decode(saved(Image.fromarray(ramp), "TIFF")).pixels[0, :, 0], range(256)
        )

    def test_decode_refuses_a_file_with_nan_or_infinite_floats(self) -> None:
        floats = np.zeros((20, 20), np.float32)
        floats[3, 3] = np.nan
        with pytest.raises(InvalidImage, match="NaN or infinite"):
            decode(saved(Image.fromarray(floats), "TIFF"))

    def test_decode_reads_32_bit_integers_by_their_own_range(self, photo: Image.Image) -> None:
        grey = np.asarray(photo.convert("L"))
        for shift in (0, 8, 20):
            deep = Image.fromarray(grey.astype(np.int32) << shift)
            assert np.array_equal(decode(saved(deep, "TIFF")).pixels[:, :, 0], grey)

    @pytest.mark.parametrize("shift", [0, 2, 4, 6])
    @pytest.mark.parametrize("ending", [".png", ".tiff"])
    def test_decode_does_not_blacken_12_bits_in_a_16_bit_file(
        self, photo: Image.Image, ending: str, shift: int
    ) -> None:
        colours = np.asarray(photo).astype(np.uint16) << shift
        assert colours.max() >= 128 << shift
        for deep, expected in (
            (colours[:, :, ::-1], photo),
            (colours[:, :, 1], np.dstack([np.asarray(photo)[:, :, 1]] * 3)),
        ):
            data = cv2.imencode(ending, deep)[1].tobytes()
            assert np.array_equal(decode(data).pixels, expected)

    @pytest.mark.parametrize("compression", [None, "tiff_lzw", "jpeg"])
    def test_decode_reads_a_ycbcr_tiff(self, photo: Image.Image, compression: str | None) -> None:
        data = saved(photo.convert("YCbCr"), "TIFF", compression=compression)
        assert difference(decode(data).pixels, photo) < 4

    def test_decode_explains_a_tiff_with_unreadable_pixels(self, photo: Image.Image) -> None:
        halves = np.asarray(photo).astype(np.float32)
        data = cv2.imencode(".tiff", halves)[1].tobytes()
        with pytest.raises(InvalidImage, match="stores its pixels in a way that cannot be read"):
            decode(data)

    def test_decode_does_not_try_other_formats(self, photo: Image.Image) -> None:
        for format in ("PPM", "TGA", "EPS", "PDF", "ICO", "JPEG2000"):
            with pytest.raises(InvalidImage, match="not a picture this program can read"):
                decode(saved(photo, format))


class TestOrientation:
    @pytest.mark.parametrize(
        ("format", "orientation"),
        [
            *(("JPEG", each) for each in STORED_AS),
            # Each other format only has to pass its orientation on; the rest is the same code.
            *((each, 6) for each in ("PNG", "WEBP", "TIFF", "HEIF", "AVIF")),
        ],
    )
    def test_decode_applies_all_eight_exif_orientations(
        self, photo: Image.Image, format: str, orientation: int
    ) -> None:
        upright = photo.resize((256, 300))
        how = STORED_AS[orientation]
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = orientation
        stored = upright if how is None else upright.transpose(how)
        picture = decode(saved(stored, format, exif=exif.tobytes()))
        assert (picture.width, picture.height) == (256, 300)
        assert difference(picture.pixels, upright) < 6

    def test_decode_applies_exif_orientation_in_draft_mode(self, photo: Image.Image) -> None:
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = 6
        upright = photo.resize((3000, 4000))
        data = saved(upright.transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif)
        picture = decode(data)
        assert (picture.width, picture.height, picture.scale) == (3000, 4000, 2)
        assert difference(picture.pixels, upright.reduce(2)) < 3

    @pytest.mark.parametrize("value", [0, 9, 65535])
    def test_decode_ignores_unknown_exif_orientations(self, photo: Image.Image, value: int) -> None:
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = value
        assert difference(decode(saved(photo, "JPEG", exif=exif)).pixels, photo) < 3

    @pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
    @pytest.mark.filterwarnings("ignore")
    def test_decode_reads_a_picture_with_broken_exif(self, photo: Image.Image, format: str) -> None:
        for exif in (b"Exif\0\0garbage", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff", b"Exif\0\0II*\0"):
            assert difference(decode(saved(photo, format, exif=exif)).pixels, photo) < 4


class TestSize:
    @pytest.mark.parametrize(
        ("size", "pixels", "seconds"),
        [((4000, 3000), (2000, 1500), 0.5), ((8160, 6120), (2040, 1530), 1.0)],
    )
    def test_decode_reads_phone_photographs_fast(
        self, photo: Image.Image, size: tuple[int, int], pixels: tuple[int, int], seconds: float
    ) -> None:
        large = photo.resize(size, Image.Resampling.BILINEAR)
        data = saved(large, "JPEG")
        times: list[float] = []
        while not times or (times[-1] >= seconds and len(times) < 3):
            start = time.perf_counter()
            picture = decode(data)
            times.append(time.perf_counter() - start)
        assert (picture.width, picture.height) == size
        assert picture.scale == size[0] / pixels[0]
        assert difference(picture.pixels, large.resize(pixels, Image.Resampling.BOX)) < 3
        assert min(times) < seconds

    @pytest.mark.parametrize(
        ("size", "working"),
        [
            ((1919, 100), (1919, 100)),
            ((2560, 1920), (2560, 1920)),
            ((3000, 2000), (2560, 1707)),
            ((3840, 16), (1920, 8)),
            ((7000, 5001), (2560, 1829)),
        ],
    )
    def test_decode_bounds_the_working_copy_and_keeps_detail(
        self, size: tuple[int, int], working: tuple[int, int]
    ) -> None:
        grey = Image.new("L", size, 77)
        picture = decode(saved(grey, "JPEG"))
        assert (picture.width, picture.height) == size
        assert picture.scale == pytest.approx(max(size) / max(picture.pixels.shape))
        assert picture.pixels.shape == (*working[::-1], 3)
        assert np.array_equal(np.unique(picture.pixels), [77])

    @pytest.mark.parametrize(
        ("place", "value", "announced"),
        [(0, 40 + 65536, (65576, 32)), (4, 0xFEFFFFE8, (40, 32))],
        ids=["width", "offset"],
    )
    def test_decode_reads_heic_of_another_size_than_announced(
        self, photo: Image.Image, place: int, value: int, announced: tuple[int, int]
    ) -> None:
        # HEIC encodes blocks of 64 pixels; a "clap" box of eight numbers cuts the picture out of them.
        data = bytearray(saved(photo.resize((40, 32)), "HEIF"))
        at = data.index(b"clap") + 4 + 4 * place
        data[at : at + 4] = struct.pack(">I", value)
        with Image.open(io.BytesIO(data)) as image:
            assert image.size == announced
            image.load()
            real = image.size
        assert real != announced
        picture = decode(bytes(data))
        assert (picture.width, picture.height, picture.scale) == (*real, 1)
        assert picture.pixels.shape == (*real[::-1], 3)

    def test_decode_averages_over_areas(self) -> None:
        rng = np.random.default_rng(0)
        # Single-pixel noise: a reduction that skips pixels would keep its contrast.
        noise = rng.integers(0, 2, (6000, 9000), np.uint8) * np.uint8(255)
        whole = cv2.resize(noise, (2560, 1707), interpolation=cv2.INTER_AREA)
        pixels = decode(noise).pixels
        assert pixels.shape == (1707, 2560, 3)
        assert noise.std() > 127
        assert pixels.std() < whole.std() < 127 / 3
        assert pixels.mean() == pytest.approx(noise.mean(), abs=0.1)

    def test_decode_joins_strips_without_a_seam(self) -> None:
        down = np.linspace(0, 1, 7680, dtype=np.float32)
        ramp = np.broadcast_to(down[:, None], (7680, 7000))
        steps = np.diff(decode(ramp).pixels[:, 0, 0].astype(int))
        assert set(np.unique(steps)) == {0, 1}

    def test_decode_makes_no_full_size_copy(self, monkeypatch: pytest.MonkeyPatch) -> None:
        seen = []
        opaque = pixels._to_opaque_rgb

        def recorded(image: Image.Image) -> Image.Image:
            seen.append(image.width * image.height)
            return opaque(image)

        monkeypatch.setattr(pixels, "_to_opaque_rgb", recorded)
        picture = decode(png(8000, 8000))
        assert (picture.width, picture.height) == (8000, 8000)
        assert picture.pixels.shape == (2560, 2560, 3)
        assert sum(seen) == 64_000_000
        assert max(seen) <= pixels._STRIP_PIXELS

    def test_decode_reads_very_long_pictures(self) -> None:
        for source in (png(600_000, 16), np.zeros((16, 600_000), np.uint8)):
            picture = decode(source)
            assert (picture.width, picture.height) == (600_000, 16)
            assert picture.pixels.shape == (1, 2560, 3)

    def test_decode_runs_large_decodes_one_at_a_time(
        self, photo: Image.Image, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        load = ImageFile.ImageFile.load
        running, most = [0], [0]
        count = threading.Lock()

        def counted(self: ImageFile.ImageFile) -> object:
            with count:
                running[0] += 1
                most[0] = max(most[0], running[0])
            time.sleep(0.02)
            result = load(self)
            with count:
                running[0] -= 1
            return result

        monkeypatch.setattr(ImageFile.ImageFile, "load", counted)
        data = saved(photo, "BMP")
        for large, expected in ((photo.width * photo.height, False), (1000, True)):
            monkeypatch.setattr(images, "_LARGE_PIXELS", large)
            most[0] = 0
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(decode, [data] * 8))
            assert (most[0] == 1) == expected


class TestLimits:
    def test_decode_refuses_a_decompression_bomb(self) -> None:
        bomb = png(20_000, 20_000)
        assert len(bomb) < 1_000_000
        start = time.perf_counter()
        with pytest.raises(ImageTooLarge, match="more than 64 megapixels"):
            decode(bomb)
        assert time.perf_counter() - start < 1

    @pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
    def test_decode_refuses_more_than_64_megapixels_even_if_warnings_are_ignored(self) -> None:
        assert decode(png(4_012_500, 16)).width == 4_012_500
        with pytest.raises(ImageTooLarge, match="more than 64 megapixels"):
            decode(png(4_012_501, 16))

    def test_decode_refuses_arrays_of_more_than_64_megapixels(self) -> None:
        with pytest.raises(ImageTooLarge, match="64 megapixels"):
            decode(np.broadcast_to(np.uint8(0), (8100, 8000, 3)))

    def test_decode_refuses_more_than_20_megabytes(
        self, photo: Image.Image, tmp_path: Path
    ) -> None:
        data = saved(photo, "JPEG")
        full = data + bytes(images.MAX_BYTES - len(data))
        assert decode(full).width == photo.width
        assert decode(full).warnings == ()
        file = tmp_path / "photo.jpg"
        file.write_bytes(full + b"\0")
        for source in (full + b"\0", file):
            with pytest.raises(ImageTooLarge, match="more than 20 MB"):
                decode(source)

    def test_decode_refuses_a_progressive_jpeg_of_a_thousand_scans(self) -> None:
        data = saved(Image.new("L", (8000, 8000), 128), "JPEG", progressive=True)
        assert decode(data).width == 8000
        scan = data[data.rfind(b"\xff\xda") : -2]
        start = time.perf_counter()
        with pytest.raises(InvalidImage, match="too many passes"):
            decode(data[:-2] + scan * 1000 + data[-2:])
        assert time.perf_counter() - start < 2

    def test_decode_refuses_a_baseline_jpeg_of_a_thousand_scans(self) -> None:
        data = saved(Image.new("RGB", (8000, 8000), "grey"), "JPEG")
        header = data[: data.rfind(b"\xff\xda")]
        # One colour each, without data: the decoder reads missing data as zeros.
        scans = [b"\xff\xda\0\x08\1" + colour + b"\0\x3f\0\0" for colour in (b"\1\0", b"\2\x11")]
        assert decode(header + b"".join(scans) + data[-2:]).width == 8000
        start = time.perf_counter()
        with pytest.raises(InvalidImage, match="too many passes"):
            decode(header + b"".join(scans) * 500 + data[-2:])
        assert time.perf_counter() - start < 2

    def test_decode_does_not_count_bytes_after_a_jpegs_end_as_scans(
        self, photo: Image.Image
    ) -> None:
        large = photo.resize((8000, 6200), Image.Resampling.NEAREST).convert("L")
        data = saved(large, "JPEG", quality=30)
        film = b"\xff\xda" * 5_000_000
        picture = decode((data + film)[: images.MAX_BYTES])
        assert (picture.width, picture.height, picture.warnings) == (8000, 6200, ())

    def test_decode_does_not_count_bytes_of_a_jpegs_description_as_scans(self) -> None:
        data = saved(Image.new("L", (8000, 8000), 128), "JPEG", comment=b"\xff\xda" * 30_000)
        assert decode(data).warnings == ()

    def test_decode_refuses_a_jpeg_of_a_million_empty_segments(self, photo: Image.Image) -> None:
        data = saved(photo, "JPEG")
        start = time.perf_counter()
        with pytest.raises(InvalidImage, match="too many parts"):
            decode(data[:2] + b"\xff\xe5\0\2" * 1_000_000 + data[2:])
        assert time.perf_counter() - start < 2

    def test_pillow_refuses_bombs_for_other_code_in_the_process(self, tmp_path: Path) -> None:
        # In its own process: pytest resets the warning filters for each test.
        for name, side in (("bomb.png", 20_000), ("large.png", 9_000)):
            (tmp_path / name).write_bytes(png(side, side))
        program = (
            "import preprocessing.images\nfrom PIL import Image\n"
            "for name in ('bomb.png', 'large.png'):\n"
            "    try:\n        Image.open(name)\n"
            "    except Exception as error:\n        print(type(error).__name__)\n"
        )
        root = str(Path(images.__file__).parents[1])
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": root},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.split() == ["DecompressionBombError", "DecompressionBombWarning"]

    @pytest.mark.parametrize("size", [(1, 1), (15, 200), (200, 15)])
    def test_decode_refuses_pictures_that_are_too_small(self, size: tuple[int, int]) -> None:
        for source in (saved(Image.new("RGB", size), "PNG"), np.zeros((*size[::-1], 3), np.uint8)):
            with pytest.raises(InvalidImage, match=rf"too small \({size[0]} x {size[1]} pixels\)"):
                decode(source)
        assert decode(saved(Image.new("RGB", (16, 16)), "PNG")).pixels.shape == (16, 16, 3)

    def test_decode_refuses_arrays_without_pixels(self) -> None:
        with pytest.raises(InvalidImage, match=r"too small \(0 x 0 pixels\)"):
            decode(np.zeros((0, 0, 3), np.uint8))
        for data in (png(0, 0), b"GIF89a" + bytes(50)):
            with pytest.raises(InvalidImage, match="damaged"):
                decode(data)


def unreadable(
    tmp_path: Path, path: Path
) -> dict[str, tuple[str | Path | bytes | np.ndarray, str]]:
    """One source for each way to fail, with words from its message."""
    data = path.read_bytes()
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.jpg").write_text("This is only a text.")
    (tmp_path / "cut.jpg").write_bytes(data[: len(data) // 2])
    return {
        "missing": (tmp_path / "nobody.jpg", "no such file"),
        "folder": (tmp_path, "a folder, not a picture"),
        "empty": (tmp_path / "empty.jpg", "file is empty"),
        "text": (tmp_path / "text.jpg", "not a picture this program can read"),
        "cut": (tmp_path / "cut.jpg", "damaged or was cut off"),
        "small": (saved(Image.new("RGB", (9, 9)), "PNG"), "too small"),
        "large": (png(9000, 9000), "64 megapixels"),
        "nan": (np.full((20, 20), np.nan), "not NaN or infinite"),
    }


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
class TestErrors:
    def test_decode_explains_each_error_in_its_own_sentence(
        self, tmp_path: Path, path: Path
    ) -> None:
        messages = set()
        for source, part in unreadable(tmp_path, path).values():
            with pytest.raises(InvalidImage, match=part) as caught:
                decode(source)
            message = str(caught.value)
            if isinstance(source, Path):
                assert message.startswith(f"{source}: ")
                message = message.removeprefix(f"{source}: ")
            assert message[0].isupper()
            assert "BytesIO" not in message
            messages.add(message)
        assert len(messages) == 8

    @pytest.mark.parametrize(
        "format", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF", "GIF", "TIFF", "BMP"]
    )
    @pytest.mark.filterwarnings("ignore")
    def test_decode_reads_or_refuses_a_file_cut_off_anywhere(
        self, photo: Image.Image, format: str
    ) -> None:
        data = saved(photo.resize((128, 150)), format)
        for length in (16, 30, 100, len(data) // 4, len(data) // 2, len(data) * 5 // 6):
            with pytest.raises(InvalidImage, match="damaged or was cut off"):
                decode(data[:length])

    @pytest.mark.parametrize(
        "format", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF", "GIF", "TIFF", "BMP"]
    )
    @pytest.mark.filterwarnings("ignore")
    def test_decode_reads_or_refuses_damaged_bytes(self, photo: Image.Image, format: str) -> None:
        rng = np.random.default_rng(1)
        data = np.frombuffer(saved(photo.resize((48, 40)), format), np.uint8)
        refused = 0
        for _ in range(150):
            damaged = data.copy()
            # Half of the damage is in the first bytes, where the header is.
            place = rng.integers(0, 64 if rng.random() < 0.5 else len(data), 4)
            damaged[place] = rng.integers(0, 256, 4)
            try:
                decode(damaged.tobytes())
            except InvalidImage:
                refused += 1
        assert refused > 0

    @pytest.mark.parametrize(
        "error",
        [
            struct.error("x"),
            SyntaxError("x"),
            OSError("x"),
            EOFError(),
            ValueError("x"),
            IndexError(),
        ],
    )
    def test_decode_turns_any_error_of_a_decoder_into_a_sentence(
        self, photo: Image.Image, monkeypatch: pytest.MonkeyPatch, error: Exception
    ) -> None:
        data = saved(photo, "PNG")
        monkeypatch.setattr(ImageFile.ImageFile, "load", _raising(error))
        with pytest.raises(InvalidImage, match="damaged or was cut off") as caught:
            decode(data)
        assert caught.value.__cause__ is error

    def test_decode_explains_a_lack_of_memory(
        self, photo: Image.Image, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        data = saved(photo, "PNG")
        monkeypatch.setattr(ImageFile.ImageFile, "load", _raising(MemoryError()))
        with pytest.raises(ImageTooLarge, match="not enough memory"):
            decode(data)

    def test_decode_explains_odd_paths(self, tmp_path: Path) -> None:
        pipe = tmp_path / "pipe.jpg"
        os.mkfifo(pipe)
        with pytest.raises(InvalidImage, match="not an ordinary file"):
            decode(pipe)
        with pytest.raises(InvalidImage, match="no such file"):
            decode("a\0b.jpg")
        with pytest.raises(InvalidImage, match="cannot be opened"):
            decode(tmp_path / ("x" * 5000))
        with pytest.raises(InvalidImage, match="no such file"):
            decode(tmp_path / "gone" / "photo.jpg")

    def test_decode_refuses_an_address_or_a_text_in_a_short_sentence(
        self, photo: Image.Image
    ) -> None:
        text = base64.b64encode(saved(photo, "JPEG")).decode()
        for source in ("https://example.org/a.jpg", f"data:image/jpeg;base64,{text}"):
            with pytest.raises(InvalidImage, match="This is an address, not a file"):
                decode(source)
        for source in (text, f"data:image/jpeg;base64,{text}"):
            with pytest.raises(InvalidImage) as caught:
                decode(source)
            assert len(str(caught.value)) < 200

    def test_decode_refuses_an_empty_path(self) -> None:
        with pytest.raises(InvalidImage, match=r"^The path of the picture is empty\.$"):
            decode("")

    def test_decode_raises_type_error_for_a_text_file(self) -> None:
        with pytest.raises(TypeError, match="opened for bytes"):
            decode(io.StringIO("text"))  # type: ignore[arg-type]

    def test_decode_raises_type_error_for_other_types(self) -> None:
        for source in (None, 3, [[0, 0]]):
            with pytest.raises(TypeError, match="a path, bytes, a file, a PIL image or an array"):
                decode(source)  # type: ignore[arg-type]


def _raising(error: Exception) -> Callable[..., None]:
    def load(self: ImageFile.ImageFile) -> None:  # noqa: ARG001
        raise error

    return load


class TestArrays:
    def test_decode_gives_the_same_picture_for_every_array_type_and_shape(
        self, photo: Image.Image
    ) -> None:
        grey = np.asarray(photo.convert("L"))
        expected = np.asarray(photo.convert("L").convert("RGB"))
        for array in (
            grey,
            grey[:, :, None],
            expected,
            np.dstack([expected, np.full_like(grey, 255)]),
            grey.astype(np.uint16) << 8,
            grey / 255,
            (grey / 255).astype(np.float32),
            np.asfortranarray(grey),
            np.ascontiguousarray(grey[:, ::-1])[:, ::-1],
        ):
            picture = decode(array)
            assert (picture.width, picture.height) == photo.size
            assert np.array_equal(picture.pixels, expected)
            assert picture.pixels.flags.c_contiguous

    def test_decode_reads_bool_as_black_and_white(self) -> None:
        mask = np.eye(20, dtype=bool)
        assert np.array_equal(decode(mask).pixels, np.dstack([mask] * 3) * 255)

    def test_decode_shows_alpha_over_white(self) -> None:
        array = np.zeros((20, 20, 4), np.float64)
        array[:10, :, 3] = 1
        pixels = decode(array).pixels
        assert pixels[:10].max() == 0
        assert pixels[10:].min() == 255

    def test_decode_does_not_copy_an_rgb_array(self, photo: Image.Image) -> None:
        array = np.array(photo)
        assert np.shares_memory(decode(array).pixels, array)

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -0.5, 1.5, 255])
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_decode_refuses_floats_outside_0_to_1(self, value: float, dtype: type) -> None:
        array: np.ndarray = np.full((20, 30, 3), 0.5, dtype)
        array[7, 7, 1] = value
        with pytest.raises(InvalidImage, match="values of 0 to 1, not NaN or infinite"):
            decode(array)

    def test_decode_clips_floats_slightly_outside_0_to_1(self) -> None:
        step = np.repeat(np.float32([0, 1]), 20)
        small = np.tile(step, (40, 1))
        array = cv2.resize(small, (100, 100), interpolation=cv2.INTER_LANCZOS4)
        assert array.min() < -0.05
        assert array.max() > 1.05
        assert np.array_equal(
            decode(array).pixels[:, :, 0], np.rint(array.clip(0, 1) * 255).astype(np.uint8)
        )

    def test_decode_does_not_blacken_12_bits_in_a_16_bit_array(self, photo: Image.Image) -> None:
        deep = np.asarray(photo).astype(np.uint16) << 4
        assert np.array_equal(decode(deep).pixels, photo)
        opaque = np.dstack([deep, np.full(deep.shape[:2], 65535, np.uint16)])
        assert np.array_equal(decode(opaque).pixels, photo)

    @pytest.mark.parametrize(
        "shape", [(20,), (20, 20, 2), (20, 20, 5), (20, 20, 0), (1, 20, 20, 3), ()]
    )
    def test_decode_refuses_arrays_of_other_shapes(self, shape: tuple[int, ...]) -> None:
        with pytest.raises(InvalidImage, match="A picture's array must be"):
            decode(np.zeros(shape, np.uint8))

    @pytest.mark.parametrize("dtype", [np.int64, np.int8, np.complex64, object, "U3"])
    def test_decode_refuses_arrays_of_other_types(self, dtype: type | str) -> None:
        with pytest.raises(InvalidImage, match="uint8, uint16, bool, or floats"):
            decode(np.zeros((20, 20), dtype))


class TestOpenedImages:
    """PIL images that programs pass directly."""

    @pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P", "CMYK", "1"])
    def test_decode_reads_a_pil_image_of_every_mode(self, photo: Image.Image, mode: str) -> None:
        image = photo.convert(mode)
        assert difference(decode(image).pixels, image.convert("RGB")) == 0

    def test_decode_turns_an_unloaded_pil_image_and_leaves_it_unchanged(
        self, photo: Image.Image
    ) -> None:
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = 6
        large = photo.resize((3000, 4000)).transpose(Image.Transpose.ROTATE_90)
        image = Image.open(io.BytesIO(saved(large, "JPEG", exif=exif)))
        picture = decode(image)
        assert (picture.width, picture.height) == (3000, 4000)
        assert image.size == (4000, 3000)

    def test_decode_explains_a_pil_image_that_cannot_be_loaded(self, photo: Image.Image) -> None:
        data = saved(photo, "JPEG")
        image = Image.open(io.BytesIO(data[: len(data) // 2]))
        with pytest.raises(InvalidImage, match="damaged or was cut off"):
            decode(image)

    def test_decode_applies_the_limits_to_pil_images(self) -> None:
        with pytest.raises(InvalidImage, match="too small"):
            decode(Image.new("L", (9, 9)))
        with pytest.raises(ImageTooLarge, match="64 megapixels"):
            decode(Image.new("1", (9000, 9000)))
