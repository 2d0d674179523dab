"""A picture and what is read in it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model import FaceExpression, Recognizer
from preprocessing.images import Picture, decode


@dataclass(frozen=True, eq=False)
class Answer:
    """A picture and its faces, from left to right; no face is an empty list."""

    picture: Picture
    faces: list[FaceExpression]

    @property
    def turned(self) -> int:
        """Degrees clockwise by which the picture was turned to find its faces: 0, 90, 180 or 270.

        0 where they do not lie the same way.
        """
        ways = {face.turned for face in self.faces}
        return ways.pop() if len(ways) == 1 else 0


def read(
    recognizer: Recognizer, source: str | Path | bytes | np.ndarray, explain: bool = False
) -> Answer:
    """Decodes a picture and reads its faces; for tasks of `Service.work`."""
    picture = decode(source)
    return Answer(picture, recognizer.recognize(picture, explain=explain))
