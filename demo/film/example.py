"""A film made of a photograph in the public domain, for those who have none to try."""

import io
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import matplotlib
import numpy as np
from PIL import Image

SECONDS = 8.0
_RATE = 15
_WIDTH, _HEIGHT = 640, 360

# Where the camera looks, from time to time: seconds, the middle of what it sees and its width, in
# pixels of the wall. It never jumps: after a cut people would have new numbers.
_LOOKS = (
    (0.0, 300.0, 310.0, 760.0),  # the first photograph
    (2.5, 313.0, 250.0, 430.0),  # her head alone
    (4.0, 313.0, 250.0, 430.0),
    (6.5, 562.0, 310.0, 1120.0),  # both photographs
    (SECONDS, 562.0, 310.0, 1120.0),
)


def hopper_film() -> bytes:
    """A camera moves over two photographs on a wall: Grace Hopper's, and the same turned and darker.

    The photograph is the one that Matplotlib carries. To those who follow faces by their places they
    are two people.

    Returns:
        An MP4 (H.264) of 8 seconds and 640 x 360 pixels, without sound.
    """
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as film:
        stream = film.add_stream("libx264", rate=_RATE, options={"preset": "veryfast", "crf": "26"})
        stream.width, stream.height, stream.pix_fmt = _WIDTH, _HEIGHT, "yuv420p"
        for picture in _pictures(_wall()):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            film.mux(stream.encode(frame))
        film.mux(stream.encode())
    return file.getvalue()


def _wall() -> np.ndarray:
    """`(620, 1124, 3)` uint8: both photographs beside each other on grey."""
    path = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"
    with Image.open(path) as image:
        photograph = np.asarray(image.convert("RGB"))
    height, width = photograph.shape[:2]
    # In the light of a lamp.
    other = (photograph[:, ::-1] * np.array([0.8, 0.66, 0.5])).astype(np.uint8)
    wall = np.full((height + 20, 2 * width + 100, 3), 96, np.uint8)
    for left, picture in ((30, photograph), (width + 70, other)):
        wall[10 : 10 + height, left : left + width] = picture
    return wall


def _pictures(wall: np.ndarray) -> Iterator[np.ndarray]:
    """Each what the camera sees of the wall, `(360, 640, 3)` uint8."""
    times, *looks = np.array(_LOOKS).T
    for number in range(round(SECONDS * _RATE)):
        x, y, width = (np.interp(number / _RATE, times, values) for values in looks)
        scale = _WIDTH / width
        matrix = np.array([[scale, 0, _WIDTH / 2 - scale * x], [0, scale, _HEIGHT / 2 - scale * y]])
        yield cv2.warpAffine(
            wall, matrix, (_WIDTH, _HEIGHT), flags=cv2.INTER_LINEAR, borderValue=(96, 96, 96)
        )
