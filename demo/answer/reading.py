"""A picture and its faces."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model import FaceExpression, Recognizer
from preprocessing.images import Picture, decode


@dataclass(frozen=True, eq=False)
class Answer:
    """A picture and its faces, from left to right; the list is empty if there are none."""

    picture: Picture
    faces: list[FaceExpression]

    @property
    def turned(self) -> int:
        """How far the picture was turned to find its faces: 0, 90, 180 or 270 degrees clockwise.

        0 if the faces do not all lie the same way.
        """
        ways = {face.turned for face in self.faces}
        return ways.pop() if len(ways) == 1 else 0


def read(
    recognizer: Recognizer, source: str | Path | bytes | np.ndarray, explain: bool = False
) -> Answer:
    """Decodes a picture and reads its faces.

    Args:
        recognizer: reads the faces.
        source: a path, the bytes of a picture file, or an RGB array.
        explain: whether to give each face an attention map.

    Raises:
        InvalidImage: the picture cannot be read.
    """
    picture = decode(source)
    return Answer(picture, recognizer.recognize(picture, explain=explain))
