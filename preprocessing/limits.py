"""The limits on a picture's size, and the errors for pictures that cannot be read."""

MAX_BYTES = 20_000_000
MAX_PIXELS = 64_200_000  # phones with 64 megapixels send 9248x6936
MIN_SIDE = 16
WORKING_SIDE = 2560

HOW_TO_SAVE = "Save it as an ordinary JPEG or PNG and try again."


class InvalidImage(ValueError):
    """A picture cannot be read; `str(error)` says why and what to do, in a sentence for people."""


class ImageTooLarge(InvalidImage):
    """A picture has too many bytes or too many pixels."""


def too_many_pixels() -> ImageTooLarge:
    """The error for a picture above `MAX_PIXELS`."""
    return ImageTooLarge(
        f"The picture has more than {MAX_PIXELS // 1_000_000} megapixels. Save it smaller and try"
        " again."
    )


def check_size(width: int, height: int) -> None:
    """Checks a picture's size.

    Raises:
        ImageTooLarge: the picture has more than `MAX_PIXELS` pixels.
        InvalidImage: a side is shorter than `MIN_SIDE`.
    """
    if width * height > MAX_PIXELS:
        raise too_many_pixels()
    if min(width, height) < MIN_SIDE:
        raise InvalidImage(
            f"The picture is too small ({width} x {height} pixels). Each side needs at least"
            f" {MIN_SIDE}."
        )
