"""Makes films for the tests, of the two public-domain photographs."""

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from matplotlib.cbook import get_sample_data
from PIL import Image
from skimage import data

CLOCK = 90_000

Place = Callable[[float], tuple[float, float] | None]


def people() -> tuple[np.ndarray, np.ndarray]:
    """The heads of the astronaut and of Grace Hopper, (150, 130, 3), faces of about 90 pixels."""
    astronaut = data.astronaut()[20:200, 150:306]
    hopper_path = get_sample_data("grace_hopper.jpg", asfileobj=False)
    hopper = np.asarray(Image.open(hopper_path).convert("RGB"))[80:380, 144:404]
    left, right = (
        cv2.resize(head, (130, 150), interpolation=cv2.INTER_AREA) for head in (astronaut, hopper)
    )
    return left, right


def room(width: int = 400, height: int = 240, seed: int = 0) -> np.ndarray:
    """A background without faces, (height, width, 3) uint8, different for each seed."""
    coarse = np.random.default_rng(seed).integers(40, 200, (6, 8, 3), np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


def scene(
    background: np.ndarray,
    heads: Iterable[tuple[np.ndarray, Place]],
    times: Iterable[float],
) -> Iterator[tuple[float, np.ndarray]]:
    """Frames with heads at places: `place(time)` gives a head's left top corner, or None."""
    heads = list(heads)
    for time in times:
        picture = background.copy()
        for head, place in heads:
            corner = place(time)
            if corner is not None:
                paste(picture, head, round(corner[0]), round(corner[1]))
        yield time, picture


def paste(picture: np.ndarray, head: np.ndarray, x: int, y: int) -> None:
    height, width = picture.shape[:2]
    left, top = max(0, x), max(0, y)
    right, bottom = min(width, x + head.shape[1]), min(height, y + head.shape[0])
    if left < right and top < bottom:
        picture[top:bottom, left:right] = head[top - y : bottom - y, left - x : right - x]


def steady(seconds: float, rate: float = 15, start: float = 0.0) -> list[float]:
    """The times of a steady frame rate."""
    return [start + number / rate for number in range(round(seconds * rate))]


def write_film(
    path: Path,
    frames: Iterable[tuple[float, np.ndarray]],
    *,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    container: str | None = None,
    options: dict[str, str] | None = None,
    sound: str | None = None,
    seconds: float = 0.0,
    rate: int = 15,
    prepare: Callable[[Any], None] = lambda _: None,
) -> Path:
    """Writes frames with their times, and `seconds` of a tone in the codec `sound`."""
    with av.open(str(path), "w", format=container, options=options or {}) as film:
        video: Any = None
        heard = 48_000 if sound == "libopus" else 44_100
        audio: Any = film.add_stream(sound, rate=heard, layout="mono") if sound else None
        for time, picture in frames:
            if video is None:
                video = film.add_stream(codec, rate=rate)
                video.height, video.width = picture.shape[:2]
                video.pix_fmt = pixels
                video.codec_context.gop_size = 15
                if codec == "libx264":
                    video.options = {"preset": "ultrafast", "crf": "18"}
                    # Other codecs choose their own clocks.
                    video.codec_context.time_base = Fraction(1, CLOCK)
                prepare(video)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=pixels)
            base = video.codec_context.time_base or Fraction(1, rate)
            frame.pts, frame.time_base = round(time / base), base
            film.mux(video.encode(frame))
        if video is not None:
            film.mux(video.encode())
        if audio is not None:
            for frame in tone(seconds, heard):
                film.mux(audio.encode(frame))
            film.mux(audio.encode())
    return path


def tone(seconds: float, rate: int = 44_100, hertz: int = 440) -> Iterator[av.AudioFrame]:
    for first in range(0, round(seconds * rate), 1024):
        moments = (np.arange(first, first + 1024) / rate)[None]
        wave = (0.3 * np.sin(2 * np.pi * hertz * moments)).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, first, Fraction(1, rate)
        yield frame
