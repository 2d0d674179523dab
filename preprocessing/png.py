"""The texts in a PNG file, which a picture does not need and a decoder may choke on."""

import struct

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")

# Pixels come in chunks of 8 kB and more: 20 MB are at most 2,500. What follows so many is left as it is.
_MOST_CHUNKS = 10_000


def without_texts(data: bytes) -> bytes:
    """A PNG file without its texts; any other file as it is.

    Programs that make pictures store how they made them as a text of megabytes. Pillow refuses a
    picture whose text has more than one.
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
