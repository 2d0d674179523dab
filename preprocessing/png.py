"""Removes what a PNG file holds besides its pixels, because a decoder may fail on it."""

import struct

_SIGNATURE = b"\x89PNG\r\n\x1a\n"

# Texts and the colour profile: neither is used here.
_EXTRAS = (b"tEXt", b"zTXt", b"iTXt", b"iCCP")

# Pixels come in chunks of 8 kB and more, so 20 MB are at most 2,500 chunks.
_MOST_CHUNKS = 10_000


def without_extras(data: bytes) -> bytes:
    """Removes texts and the colour profile from a PNG file; any other file stays as it is.

    Some programs store megabytes of text with a picture, such as how it was made. Pillow refuses a
    picture with a text or a profile of more than one megabyte.
    """
    if not data.startswith(_SIGNATURE) or not any(name in data for name in _EXTRAS):
        return data
    kept, at = [_SIGNATURE], len(_SIGNATURE)
    for _ in range(_MOST_CHUNKS):
        if at + 8 > len(data):
            break
        length, name = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if name not in _EXTRAS:
            kept.append(data[at:end])
        at = end
    return b"".join([*kept, data[at:]])
