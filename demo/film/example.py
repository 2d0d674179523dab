"""Makes an example film from a photograph in the public domain."""

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

# The camera's path: seconds, then the centre (x, y) and the width of its view in pixels of the wall.
# The camera never jumps, because people would get new numbers after a cut.
_LOOKS = (
    (0.0, 300.0, 310.0, 760.0),  # the first photograph
    (2.5, 313.0, 250.0, 430.0),  # her head alone
    (4.0, 313.0, 250.0, 430.0),
    (6.5, 562.0, 310.0, 1120.0),  # both photographs
    (SECONDS, 562.0, 310.0, 1120.0),
)


def hopper_film() -> bytes:
    """Makes a film in which a camera moves over two photographs of Grace Hopper on a wall.

    The photograph comes with Matplotlib. The second copy is mirrored and darker. Faces are followed
    by their places, so the copies count as two people.

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
    """Returns both photographs side by side on grey, `(620, 1124, 3)` uint8 RGB."""
    path = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"
    with Image.open(path) as image:
        photograph = np.asarray(image.convert("RGB"))
    height, width = photograph.shape[:2]
    # Darker and warmer, as in lamplight.
    other = (photograph[:, ::-1] * np.array([0.8, 0.66, 0.5])).astype(np.uint8)
    wall = np.full((height + 20, 2 * width + 100, 3), 96, np.uint8)
    for left, picture in ((30, photograph), (width + 70, other)):
        wall[10 : 10 + height, left : left + width] = picture
    return wall


def _pictures(wall: np.ndarray) -> Iterator[np.ndarray]:
    """Yields the camera's view of the wall frame by frame, `(360, 640, 3)` uint8 RGB."""
    times, *looks = np.array(_LOOKS).T
    for number in range(round(SECONDS * _RATE)):
        x, y, width = (np.interp(number / _RATE, times, values) for values in looks)
        scale = _WIDTH / width
        matrix = np.array([[scale, 0, _WIDTH / 2 - scale * x], [0, scale, _HEIGHT / 2 - scale * y]])
        yield cv2.warpAffine(
            wall, matrix, (_WIDTH, _HEIGHT), flags=cv2.INTER_LINEAR, borderValue=(96, 96, 96)
        )
