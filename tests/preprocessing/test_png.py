import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from preprocessing.images import decode
from preprocessing.png import without_extras


def chunk(name: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
    )


@pytest.fixture(scope="module")
def png() -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.arange(32 * 32 * 3, dtype=np.uint8).reshape(32, 32, 3)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        chunk(b"zTXt", b"workflow\0\0" + zlib.compress(bytes(5_000_000))),
        chunk(b"iTXt", b"workflow\0\1\0\0\0" + zlib.compress(bytes(5_000_000))),
        chunk(b"tEXt", b"workflow\0" + b"a" * 2_000_000),
        chunk(b"iCCP", b"profile\0\0" + zlib.compress(bytes(2_000_000))),
    ],
    ids=["zTXt", "iTXt", "tEXt", "iCCP"],
)
@pytest.mark.parametrize("behind", [False, True])
def test_decode_reads_a_png_with_megabytes_of_extras(png: bytes, text: bytes, behind: bool) -> None:
    at = len(png) - 12 if behind else 33
    with_text = png[:at] + text + png[at:]
    np.testing.assert_array_equal(decode(with_text).pixels, decode(png).pixels)
    assert decode(with_text).warnings == ()


def test_without_extras_changes_nothing_else(png: bytes) -> None:
    assert without_extras(png) == png
    for cut in (20, 33, 40, len(png) - 3):
        text = png[:33] + chunk(b"tEXt", b"a\0b") + png[33:cut] if cut > 33 else png[:cut]
        assert without_extras(text) == png[:cut]
    assert without_extras(b"tEXt") == b"tEXt"
