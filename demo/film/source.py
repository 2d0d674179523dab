"""Opens a film's file and finds its pictures, or says in a sentence why it cannot be read."""

from typing import BinaryIO

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition
from av.video.stream import VideoStream

# These brands mark pictures in MP4's container.
_PICTURE_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"avif")

# FFmpeg gets the open file and may open nothing else. Otherwise a playlist that poses as a film could
# read other files of the machine or fetch addresses.
_OPTIONS = {"protocol_whitelist": "none"}


class InvalidFilm(ValueError):
    """A film cannot be read; `str(error)` says in a sentence why and what to do."""


class FilmTooLong(InvalidFilm):
    """A film is longer than allowed."""


class StillPicture(InvalidFilm):
    """The file is a picture that does not move."""


def open_container(file: BinaryIO) -> InputContainer:
    """Opens the container in a film's file.

    Raises:
        StillPicture: the file is a picture.
        InvalidFilm: the file is empty, is not a film, or its beginning is damaged.
    """
    head = file.read(64)
    if not head:
        raise InvalidFilm("The file is empty. Copy or upload it again.")
    file.seek(0)
    try:
        container = av.open(
            file, "r", options=_OPTIONS, metadata_errors="replace", buffer_size=1 << 18
        )
    except (FFmpegError, OSError) as error:
        if head[4:8] == b"ftyp":
            raise InvalidFilm(
                "The film was cut off or never finished: the index that an MP4 or MOV has at its"
                " end is missing or damaged. Copy it again."
            ) from error
        raise InvalidFilm(
            "This is not a film this program can read. Use MP4, MOV, MKV, WebM, AVI or MPEG."
        ) from error
    if _is_picture(container.format.name, container.duration is not None, head):
        container.close()
        # The second bit of a WebP's flags marks an animation.
        if head[8:16] == b"WEBPVP8X" and head[20] & 2:
            raise InvalidFilm("Moving WebP pictures cannot be read. Convert this one to MP4.")
        raise StillPicture("This is a picture, not a film.")
    return container


def _is_picture(container: str, lasts: bool, head: bytes) -> bool:
    """Tells whether a file is a single picture.

    Args:
        container: FFmpeg's name of the format.
        lasts: whether the file states a duration.
        head: the first bytes of the file.
    """
    # FFmpeg's names for most formats of pictures end so, as in png_pipe and jpeg_pipe. It says image2
    # if it goes by the file's name.
    if container.endswith("_pipe") or container in ("ico", "image2"):
        return True
    return not lasts and (container == "gif" or head[8:12] in _PICTURE_BRANDS)


def moving_pictures(container: InputContainer) -> VideoStream:
    """Returns the stream of a film's pictures.

    Raises:
        InvalidFilm: the film has no such stream, or none that can be decoded.
    """
    # The cover of a song is a stream too, with one picture.
    streams = [
        stream
        for stream in container.streams.video
        if not stream.disposition & Disposition.attached_pic
    ]
    if not streams:
        raise InvalidFilm("There are no moving pictures in this file.")
    # A moving AVIF has a still picture as its first stream, so streams of one frame come last.
    for stream in sorted(streams, key=lambda stream: stream.frames == 1):
        if stream.codec_context is not None:
            return stream
    raise InvalidFilm(
        "The film uses a video codec that this program cannot decode. Convert it to an MP4 with H.264"
        " and try again."
    )
