"""The file name endings of pictures."""

from functools import cache

from PIL import Image

from preprocessing.images import FORMATS


@cache
def picture_suffixes() -> frozenset[str]:
    """The endings of all formats that `decode` reads, in lower case and with their dot."""
    # Pillow's name for a file of several JPEGs, which cameras with two lenses write.
    formats = {*FORMATS, "MPO"}
    registered = Image.registered_extensions().items()
    return frozenset(suffix for suffix, name in registered if name in formats)
