"""An answer as a picture: boxes on the photograph."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from demo.answer.as_text import percent
from demo.answer.reading import Answer
from model import FaceExpression
from model.labels import COLOURS

_SMALLEST_TEXT = 9

Rectangle = tuple[float, float, float, float]  # left, top, right, bottom


def caption(face: FaceExpression) -> str:
    """Returns a face's answer in a few words: "happy 97%", or "happy or surprise?" if uncertain."""
    if face.uncertain:
        return f"{face.emotion} or {face.second}?"
    return f"{face.emotion} {percent(face.confidence)}"


def text_colour(background: str) -> str:
    """Returns black or white, whichever contrasts more (WCAG) with a colour such as "#ff8800"."""
    encoded = np.array([int(background[start : start + 2], 16) for start in (1, 3, 5)]) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    return "#000000" if linear @ (0.2126, 0.7152, 0.0722) > 0.179 else "#ffffff"


def annotate(answer: Answer, captions: Sequence[str] | None = None) -> np.ndarray:
    """Draws a box round each face, in the colour of its emotion and with its caption.

    Args:
        answer: a picture and its faces.
        captions: a text for each face; None uses `caption`.

    Returns:
        `(height, width, 3)` uint8 RGB, as large as `answer.picture.pixels`.
    """
    image = Image.fromarray(answer.picture.pixels)
    pen = ImageDraw.Draw(image)
    longer = max(image.size)
    line = max(2, round(longer / 400))
    boxes = [_box(face, answer.picture.scale) for face in answer.faces]
    for face, box in zip(answer.faces, boxes, strict=True):
        colour = COLOURS[face.emotion]
        # A second frame outside (light round a dark colour, dark round a light one) keeps the coloured
        # frame visible on any picture.
        pen.rectangle(_grown(box, line), outline=text_colour(colour), width=line)
        pen.rectangle(box, outline=colour, width=line)
    taken = boxes.copy()
    texts = captions or [caption(face) for face in answer.faces]
    for face, box, text in zip(answer.faces, boxes, texts, strict=True):
        colour = COLOURS[face.emotion]
        font = _font_for(text, image.width, longer)
        label = _place(_grown(box, line), _label_size(text, font), image.size, taken)
        taken.append(label)
        pen.rectangle(label, fill=colour, outline="#000000")
        middle = ((label[0] + label[2]) / 2, (label[1] + label[3]) / 2)
        pen.text(middle, text, text_colour(colour), font, anchor="mm")
    return np.asarray(image)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    """Returns DejaVu Sans Bold from Matplotlib, so that no system font is needed."""
    return ImageFont.truetype(
        Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans-Bold.ttf", size
    )


def _font_for(text: str, width: int, longer: int) -> ImageFont.FreeTypeFont:
    """Returns a font in proportion to the picture, smaller if the label would not fit its width."""
    size = max(_SMALLEST_TEXT, round(longer / 55))
    while size > _SMALLEST_TEXT and _label_size(text, _font(size))[0] > width:
        size -= 1
    return _font(size)


def _label_size(text: str, font: ImageFont.FreeTypeFont) -> tuple[float, float]:
    """Returns a label's width and height; all labels in one font have the same height."""
    return font.getlength(text) + 0.7 * font.size, 1.4 * font.size


def _place(
    box: Rectangle, size: tuple[float, float], picture: tuple[int, int], taken: list[Rectangle]
) -> Rectangle:
    """Places a label above or below its box, clear of faces and other labels where possible."""
    left = min(max(0, box[0]), max(0, picture[0] - 1 - size[0]))
    lowest = picture[1] - 1 - size[1]
    tops = [top for top in (box[1] - size[1], box[3]) if 0 <= top <= lowest]
    places = [(left, top, left + size[0], top + size[1]) for top in tops or [max(0, lowest)]]
    free = [place for place in places if not any(_overlap(place, other) for other in taken)]
    return (free or places)[0]


def _overlap(one: Rectangle, other: Rectangle) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _box(face: FaceExpression, scale: float) -> Rectangle:
    """Returns a face's box in pixels of the working copy."""
    x, y, width, height = (value / scale for value in face.box)
    return x, y, x + width, y + height


def _grown(box: Rectangle, by: int) -> Rectangle:
    return box[0] - by, box[1] - by, box[2] + by, box[3] + by
