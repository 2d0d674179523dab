"""The sources of the mutants: small pictures in every format and kind, and other files."""

import io
import struct
import time
import zipfile
import zlib
from collections.abc import Iterator
from functools import cache

import cv2
import numpy as np
import pillow_heif
from PIL import ExifTags, Image, ImageCms, PngImagePlugin
from skimage import data

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
FORMATS = ("jpeg", "png", "webp", "avif", "heic", "gif", "tiff", "bmp")


@cache
def pictures() -> dict[str, bytes]:
    """Files by name; a name begins with the format and a hyphen, `other-` for what is no picture.

    Those of the formats that compress well show a face of about 50 pixels, so that mutants which
    are still pictures reach alignment and the network.
    """
    astronaut = Image.fromarray(data.astronaut()[20:220, 130:330])
    face = astronaut.resize((96, 96))
    small = astronaut.resize((40, 32))
    made = {
        **dict(_jpeg(face, small)),
        **dict(_png(small)),
        **dict(_modern(face, small)),
        **dict(_gif(small)),
        **dict(_tiff(small)),
        **dict(_bmp(small)),
    }
    return {**made, **dict(_no_pictures(small, made))}


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _saved(image: Image.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    if form == "HEIF":
        pillow_heif.from_pillow(image).save(file, **options)
    else:
        image.save(file, form, **options)
    return file.getvalue()


def _translucent(image: Image.Image) -> Image.Image:
    image = image.copy()
    image.putalpha(image.convert("L"))
    return image


def _exif() -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.ImageDescription] = "<?php echo 1 ?>"
    return exif.tobytes()


def _profile() -> bytes:
    made = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return made[:24] + bytes(12) + made[36:]  # without the time of its creation


def _undated(film: bytes) -> bytes:
    """An AVIF film without the creation times in `mvhd`, `tkhd` and `mdhd`."""
    data = bytearray(film)
    for name in (b"mvhd", b"tkhd", b"mdhd"):
        at = data.index(name) + 4
        times = 16 if data[at] == 1 else 8
        data[at + 4 : at + 4 + times] = bytes(times)
    return bytes(data)


def _jpeg(face: Image.Image, small: Image.Image) -> Iterator[tuple[str, bytes]]:
    yield "jpeg-baseline", _saved(face, "JPEG")
    yield "jpeg-progressive", _saved(face, "JPEG", progressive=True)
    yield "jpeg-rotated", _saved(face, "JPEG", exif=_exif())
    yield "jpeg-cmyk", _saved(small.convert("CMYK"), "JPEG")
    yield "jpeg-grey", _saved(small.convert("L"), "JPEG", icc_profile=_profile())
    yield "jpeg-restarts", _saved(small, "JPEG", restart_marker_blocks=1)
    yield "jpeg-mpo", _saved(small, "MPO", save_all=True, append_images=[small])


def _png(small: Image.Image) -> Iterator[tuple[str, bytes]]:
    deep = np.asarray(small).astype(np.uint16) << 8
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "a" * 300, zip=True)
    yield "png-rgb", _saved(small, "PNG")
    yield "png-alpha", _saved(_translucent(small), "PNG")
    yield "png-grey-16-bit", _saved(Image.fromarray(deep[:, :, 1]), "PNG")
    yield "png-16-bit", cv2.imencode(".png", deep)[1].tobytes()
    yield "png-palette", _saved(small.convert("P"), "PNG", transparency=3)
    yield "png-1-bit", _saved(small.convert("1"), "PNG")
    yield "png-interlaced", _interlaced(np.asarray(small))
    yield "png-described", _saved(small, "PNG", pnginfo=text, icc_profile=_profile(), exif=_exif())
    yield "png-animated", _saved(small, "PNG", save_all=True, append_images=[small.rotate(90)])


def _interlaced(pixels: np.ndarray) -> bytes:
    """A PNG in seven passes (Adam7); no library here can write one."""
    height, width, _ = pixels.shape
    # Each pass: its first column and row, and its steps.
    passes = "0088 4088 0448 2044 0224 1022 0112"
    rows = b""
    for x, y, right, down in (map(int, each) for each in passes.split()):
        rows += b"".join(b"\0" + row.tobytes() for row in pixels[y::down, x::right])
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 1)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return PNG_SIGNATURE + b"".join(png_chunk(*chunk) for chunk in chunks)


def _modern(face: Image.Image, small: Image.Image) -> Iterator[tuple[str, bytes]]:
    animated = {"save_all": True, "append_images": [small.rotate(90)]}
    yield "webp-lossy", _saved(face, "WEBP")
    yield "webp-lossless", _saved(small, "WEBP", lossless=True)
    yield "webp-alpha", _saved(_translucent(small), "WEBP", exif=_exif())
    yield "webp-animated", _saved(small, "WEBP", **animated)
    yield "avif-plain", _saved(face, "AVIF")
    yield "avif-alpha", _saved(_translucent(small), "AVIF", exif=_exif())
    yield "avif-animated", _undated(_saved(small, "AVIF", **animated))
    yield "heic-plain", _saved(face, "HEIF")
    yield "heic-alpha", _saved(_translucent(small), "HEIF", exif=_exif())
    yield "heic-grey", _saved(small.convert("L"), "HEIF")


def _gif(small: Image.Image) -> Iterator[tuple[str, bytes]]:
    yield "gif-plain", _saved(small, "GIF", interlace=False)
    yield "gif-interlaced", _saved(small, "GIF", interlace=True, comment=b"a comment")
    yield "gif-transparent", _saved(small.convert("P"), "GIF", transparency=1)
    yield "gif-animated", _saved(small, "GIF", save_all=True, append_images=[small.rotate(90)] * 3)


def _tiff(small: Image.Image) -> Iterator[tuple[str, bytes]]:
    for how in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "lzma", "zstd"):
        yield f"tiff-{how}", _saved(small, "TIFF", compression=how)
    yield "tiff-raw", _saved(small, "TIFF")
    yield "tiff-big", _saved(small, "TIFF", big_tiff=True)
    yield "tiff-fax", _saved(small.convert("1"), "TIFF", compression="group4")
    yield "tiff-16-bit", _saved(Image.new("I;16", (40, 32), 999), "TIFF")
    yield "tiff-cmyk", _saved(small.convert("CMYK"), "TIFF", compression="tiff_lzw")
    yield "tiff-alpha", _saved(_translucent(small), "TIFF", exif=_exif())
    yield "tiff-pages", _saved(small, "TIFF", save_all=True, append_images=[small])


def _bmp(small: Image.Image) -> Iterator[tuple[str, bytes]]:
    yield "bmp-rgb", _saved(small, "BMP")
    yield "bmp-palette", _saved(small.convert("P"), "BMP")
    yield "bmp-1-bit", _saved(small.convert("1"), "BMP")
    yield "bmp-alpha", _saved(_translucent(small), "BMP")
    # Run-length encoded: forty pixels of one colour in each line, the end of a line, and of all.
    lines = bytes((40, 7, 0, 0)) * 32 + b"\0\1"
    palette = bytes(range(256)) * 4
    info = struct.pack("<IiiHHIIiiII", 40, 40, 32, 1, 8, 1, len(lines), 0, 0, 256, 0)
    start = 14 + len(info) + len(palette)
    head = struct.pack("<2sIHHI", b"BM", start + len(lines), 0, 0, start)
    yield "bmp-run-length", head + info + palette + lines


def _no_pictures(small: Image.Image, made: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    script = b"<html><script>alert(1)</script></html>"
    document = _saved(small, "PDF", creationDate=time.gmtime(0), modDate=time.gmtime(0))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(zipfile.ZipInfo("../../evil.txt"), "evil")
    yield (
        "other-svg",
        b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="64" height="64">'
        b'<image href="file:///etc/passwd"/></svg>',
    )
    yield "other-html", script
    yield "other-zip", archive.getvalue()
    yield "other-empty", b""
    yield "other-pdf", document
    for form in ("ICO", "PPM", "JPEG2000", "EPS", "TGA"):
        yield f"other-{form.lower()}", _saved(small, form)
    # Each is an intact picture and another kind of file at the same time.
    yield "gif-with-html", b"GIF89a/*" + made["gif-plain"][8:] + b"*/" + script
    yield "jpeg-with-zip", made["jpeg-baseline"] + archive.getvalue()
    yield "png-with-html", made["png-rgb"] + script
    yield "bmp-with-pdf", made["bmp-rgb"] + document
