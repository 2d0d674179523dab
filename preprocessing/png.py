"""Removes the texts from a PNG file: the picture does not need them, and Pillow may fail on them."""

import struct

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")

# Texts after this many chunks stay in the file. Chunks of pixels have 8 kB or more, so 20 MB are at most
# 2,500 chunks.
_MOST_CHUNKS = 10_000


def without_texts(data: bytes) -> bytes:
    """Returns a PNG file without its texts, and any other file unchanged.

    Programs that generate pictures store their settings as texts of several megabytes. Pillow refuses
    a picture with more than one megabyte of text.
    """
    if not data.startswith(_SIGNATURE) or not any(name in data for name in _TEXTS):
        return data
    kept, at = [_SIGNATURE], len(_SIGNATURE)
    while at + 8 <= len(data) and len(kept) < _MOST_CHUNKS:
        length, name = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if name not in _TEXTS:
            kept.append(data[at:end])
        at = end
    return b"".join([*kept, data[at:]])
