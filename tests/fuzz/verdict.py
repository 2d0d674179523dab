"""The outcome for a file: an intact picture, a refusal in a sentence, or a find."""

import re
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from model import Recognizer
from preprocessing.images import (
    MAX_PIXELS,
    MIN_SIDE,
    WORKING_SIDE,
    ImageTooLarge,
    InvalidImage,
    Picture,
    decode,
)

# Of processor time, all threads together. On an idle machine that is no less than the time on the
# wall, and other work on the machine does not lengthen it.
MAX_SECONDS = 2.0

# Above what the process held before: WebP's sixteen bytes a pixel of the largest picture, and as
# much again as the other formats need for theirs.
MAX_PEAK_BYTES = 1_500_000_000

_SENTENCE = re.compile(r"[A-Z][^\n]{10,200}\.")
_FROM_INSIDE = re.compile(r"0x[0-9a-f]+|Traceback|BytesIO|object at|/\w+/|\\x")


@dataclass(frozen=True)
class Verdict:
    """The outcome for one file.

    Attributes:
        outcome: `picture`, the name of the refusal's class, or `find`.
        why: the refusal's sentence, or the fault of a find.
        seconds: the processor time of decoding.
        wall: the elapsed time of decoding, in seconds.
        faces: the number of recognized faces; None if not asked for.
    """

    outcome: str
    why: str = ""
    seconds: float = 0.0
    wall: float = 0.0
    faces: int | None = None

    @property
    def find(self) -> bool:
        return self.outcome == "find"


Judge = Callable[[bytes, bool], Verdict]

_recognizer = cache(Recognizer)  # loaded on first use


def judged(data: bytes, recognize: bool = False) -> Verdict:
    """Decodes a file, reads its faces if asked to, and judges the outcome."""
    peak = _peak()
    wall, seconds = time.perf_counter(), time.process_time()
    try:
        result: Picture | Exception = decode(data)
    except Exception as error:
        result = error
    wall, seconds = time.perf_counter() - wall, time.process_time() - seconds
    outcome, why, complaint = "picture", "", ""
    faces = None
    if isinstance(result, InvalidImage):
        outcome, why = type(result).__name__, str(result)
        complaint = wrong_with_refusal(result)
    elif isinstance(result, Exception):
        complaint = f"{type(result).__name__}: {result}"
    else:
        complaint = wrong_with_picture(result)
        if recognize and not complaint:
            try:
                faces = len(_recognizer().recognize(result))
            except Exception as error:
                complaint = f"recognizing it raised {type(error).__name__}: {error}"
    if not complaint and seconds > MAX_SECONDS:
        complaint = f"decoding took {seconds:.1f} s of processor time"
    # A peak stays for the life of the process; later files are not blamed for it.
    if not complaint and _peak() > max(peak, MAX_PEAK_BYTES):
        complaint = f"{_peak() / 1e9:.1f} GB of memory were needed"
    if complaint:
        outcome, why = "find", complaint
    return Verdict(outcome, why, seconds, wall, faces)


def wrong_with_picture(picture: Picture) -> str:
    """How a decoded picture breaks its contract; empty if it does not."""
    pixels, size = picture.pixels, (picture.width, picture.height)
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        return f"pixels are {pixels.dtype} of shape {pixels.shape}"
    if not pixels.flags.c_contiguous:
        return "pixels are not contiguous"
    if min(size) < MIN_SIDE or size[0] * size[1] > MAX_PIXELS:
        return f"the picture has {size[0]} x {size[1]} pixels"
    if not all(map(_SENTENCE.fullmatch, picture.warnings)):
        return f"warns with {picture.warnings}, which are no sentences for people"
    height, width = pixels.shape[:2]
    longer = max(size)
    # A JPEG above twice 1,920 is decoded at half size or less; all pictures are reduced to 2,560.
    least = longer if longer <= WORKING_SIDE else 1920
    if not least <= max(width, height) <= WORKING_SIDE or min(width, height) < 1:
        return f"{size} gave {width} x {height} pixels"
    # Reducing strips rounds a side up; reducing the whole picture rounds it to the nearest.
    wanted = (size[0] / picture.scale, size[1] / picture.scale)
    if max(abs(width - wanted[0]), abs(height - wanted[1])) > 2:
        return f"{size} gave {width} x {height} pixels, of other proportions"
    return ""


def wrong_with_refusal(error: InvalidImage) -> str:
    """What makes a refusal unfit for people; empty if it is fit."""
    if type(error) not in (InvalidImage, ImageTooLarge):
        return f"refused with a {type(error).__name__}"
    sentence = str(error)
    if not _SENTENCE.fullmatch(sentence) or _FROM_INSIDE.search(sentence):
        return f"refused with {sentence!r}, which is no sentence for people"
    return ""


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
