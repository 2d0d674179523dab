"""How files of pictures are called."""

from functools import cache

from PIL import Image

from preprocessing.images import FORMATS


@cache
def picture_suffixes() -> frozenset[str]:
    """The endings of names, in small letters and with their dot, of the formats that are decoded."""
    # A camera with two lenses writes several JPEGs into one file, which Pillow calls by that name.
    formats = {*FORMATS, "MPO"}
    registered = Image.registered_extensions().items()
    return frozenset(suffix for suffix, name in registered if name in formats)
