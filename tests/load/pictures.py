"""The files that visitors send in the load test: photographs of 100 kB to 5 MB, and broken files.

All are made at run time from two public-domain photographs, enlarged and with noise for their size.
"""

import io
from dataclasses import dataclass

import cv2
import numpy as np
import pillow_heif
from matplotlib.cbook import get_sample_data
from PIL import Image
from skimage import data

# In pixels of the two photographs: x, y, width and height of the only face.
ASTRONAUT_FACE = (177, 80, 92, 92)
HOPPER_FACE = (177, 156, 182, 182)

BROKEN = "broken"

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Upload:
    """A file that visitors send, and its right answer.

    Attributes:
        form: the file's format: JPEG, PNG, HEIC, WebP, or broken.
        content: the file's bytes.
        share: how often it is sent, in percent of all files.
        status: the right answer's status.
        size: the picture's width and height, in pixels.
        faces: the boxes of its faces, in pixels, from left to right.
    """

    form: str
    content: bytes
    share: int
    status: int = 200
    size: tuple[int, int] = (0, 0)
    faces: tuple[Box, ...] = ()

    @property
    def media_type(self) -> str:
        """The file's media type."""
        return "image/jpeg" if self.form == BROKEN else f"image/{self.form.lower()}"


@dataclass(frozen=True)
class _Scene:
    pixels: np.ndarray
    faces: tuple[Box, ...]


def uploads() -> list[Upload]:
    """The mix: 60 % JPEG, 15 % HEIC, 8 % WebP, 7 % PNG, 10 % broken; 1.2 MB on average.

    Takes some seconds, most of them for HEIC.
    """
    smiling, calm, both = _scenes()
    photographs = [
        _photograph(smiling, 720, 8, "JPEG", 25, quality=85),
        _photograph(both, 2400, 12, "JPEG", 15, quality=85),
        _photograph(calm, 3000, 12, "JPEG", 10, quality=90),
        _photograph(smiling, 3500, 20, "JPEG", 10, quality=90),
        _photograph(smiling, 1200, 4, "HEIC", 5),
        _photograph(calm, 3000, 2, "HEIC", 10),
        _photograph(both, 1600, 8, "WebP", 4, quality=85, method=2),
        _photograph(calm, 2600, 8, "WebP", 4, quality=90, method=2),
        _photograph(smiling, 400, 4, "PNG", 3),
        _photograph(calm, 1300, 4, "PNG", 4, compress_level=1),
    ]
    cut_off = photographs[1].content
    too_large = io.BytesIO()
    Image.new("1", (9000, 9000)).save(too_large, "PNG")
    return [
        *photographs,
        Upload(BROKEN, cut_off[: len(cut_off) // 3], share=3, status=422),
        Upload(BROKEN, b"This is no picture. " * 10_000, share=3, status=422),
        Upload(BROKEN, too_large.getvalue(), share=2, status=413),
        Upload(BROKEN, b"", share=2, status=422),
    ]


def _scenes() -> tuple[_Scene, _Scene, _Scene]:
    astronaut = data.astronaut()
    hopper = Image.open(get_sample_data("grace_hopper.jpg", asfileobj=False)).convert("RGB")
    calm = np.asarray(hopper)
    beside = (HOPPER_FACE[0] + astronaut.shape[1], *HOPPER_FACE[1:])
    return (
        _Scene(astronaut, (ASTRONAUT_FACE,)),
        _Scene(calm, (HOPPER_FACE,)),
        _Scene(np.hstack([astronaut, calm[:512]]), (ASTRONAUT_FACE, beside)),
    )


def _photograph(
    scene: _Scene, width: int, noise: int, form: str, share: int, **options: int
) -> Upload:
    """A scene enlarged to a width, each value changed by at most `noise`, as a file."""
    scale = width / scene.pixels.shape[1]
    size = (width, round(scene.pixels.shape[0] * scale))
    large = cv2.resize(scene.pixels, size, interpolation=cv2.INTER_CUBIC)
    grain = np.random.default_rng(width).integers(-noise, noise + 1, large.shape, np.int8)
    picture = Image.fromarray(cv2.add(large, grain, dtype=cv2.CV_8U))
    file = io.BytesIO()
    if form == "HEIC":
        # Otherwise the encoder takes half a minute for one picture's noise.
        quick = {"preset": "ultrafast"}
        pillow_heif.from_pillow(picture).save(file, quality=70, enc_params=quick)
    else:
        picture.save(file, form, **options)
    faces = tuple(tuple(scale * value for value in face) for face in scene.faces)
    return Upload(form, file.getvalue(), share, size=size, faces=faces)
