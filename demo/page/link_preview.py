"""The picture for shared links and the page's icon: drawn faces in the emotions' colours."""

import asyncio
import io
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import matplotlib
from fastapi import FastAPI
from fastapi.responses import Response
from PIL import Image, ImageDraw, ImageFont
from starlette.routing import Route

from demo.answer.as_picture import text_colour
from model.labels import COLOURS, EMOTIONS

TITLE = "Facial expressions"
DESCRIPTION = (
    "Reads the expression of every face in a photograph, before your camera or in a film. Nothing is"
    " kept. An expression shown is not an emotion felt."
)

# Sites that show previews of links ask for this size.
WIDTH, HEIGHT = 1200, 630

# The picture is drawn this many times larger and then reduced, for smooth edges.
_FINER = 2

# The outline of all shapes, because some colours are as dark as the background.
_LINE = "#e2e8f0"

_DAY = {"Cache-Control": "public, max-age=86400"}


@dataclass(frozen=True)
class _Look:
    """The shape of a drawn face, in parts of its radius; downwards is positive.

    Attributes:
        smile: the height of the mouth's corners above its middle; negative if they are below.
        open: half the height of an open mouth; 0 draws a line.
        brows: the depth of the brows' inner ends below their outer ends; None draws no brows.
    """

    smile: float
    open: float = 0
    brows: float | None = None


_LOOKS = {
    "angry": _Look(-0.15, brows=0.22),
    "disgust": _Look(-0.08, brows=0.12),
    "fear": _Look(-0.12, open=0.1, brows=-0.16),
    "happy": _Look(0.28),
    "sad": _Look(-0.2, brows=-0.12),
    "surprise": _Look(0, open=0.2, brows=-0.02),
    "neutral": _Look(0),
}

# The lengths of the bars beside the faces, as in an example answer.
_BARS = (0.05, 0.03, 0.04, 0.62, 0.06, 0.12, 0.08)


def add_link_preview(app: FastAPI) -> None:
    """Serves `/page/icon.svg`, which is also `/favicon.ico`, and `/page/picture.png`."""
    icon = _icon()

    async def answer_icon(_: object) -> Response:
        return Response(icon, media_type="image/svg+xml", headers=_DAY)

    async def answer_picture(_: object) -> Response:
        content = await asyncio.to_thread(picture)
        # Other sites may show this picture, because it is made for them.
        headers = _DAY | {"Cross-Origin-Resource-Policy": "cross-origin"}
        return Response(content, media_type="image/png", headers=headers)

    for path in ("/page/icon.svg", "/favicon.ico"):
        app.router.routes.append(Route(path, answer_icon))
    app.router.routes.append(Route("/page/picture.png", answer_picture))


@cache
def picture() -> bytes:
    """Draws the picture for shared links: the title, and a face and a bar for each emotion.

    Returns:
        A PNG of 1200 x 630 pixels.
    """
    image = Image.new("RGB", (WIDTH * _FINER, HEIGHT * _FINER), "#0f172a")
    pen = ImageDraw.Draw(image)
    _write(pen, 70, 95, TITLE, 64, "#ffffff")
    _write(pen, 70, 165, "what every face in a picture shows", 32, "#cbd5e1")
    for row, (emotion, share) in enumerate(zip(EMOTIONS, _BARS, strict=True)):
        y, colour = 230 + 54 * row, COLOURS[emotion]
        _draw_face(pen, 100, y, 23, emotion)
        _write(pen, 145, y, emotion, 28, "#e2e8f0")
        right = 330 + 400 * share / max(_BARS)
        bar = _scaled(330, y - 13, right, y + 13)
        pen.rounded_rectangle(bar, 8 * _FINER, fill=colour, outline=_LINE, width=2 * _FINER)
    _draw_face(pen, 950, 340, 155, "happy")
    frame = _scaled(765, 155, 1135, 525)
    pen.rounded_rectangle(frame, 14 * _FINER, outline=COLOURS["happy"], width=6 * _FINER)
    file = io.BytesIO()
    image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).save(file, "PNG", optimize=True)
    return file.getvalue()


def _icon() -> str:
    """Draws a smiling face as SVG, with the same measures as in the picture."""
    colour, smile = COLOURS["happy"], 45 * _LOOKS["happy"].smile
    eyes = "".join(f'<circle cx="{x}" cy="42" r="6"/>' for x in (34, 66))
    ink = text_colour(colour)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">'
        f'<circle cx="50" cy="50" r="47" fill="{colour}" stroke="{ink}" stroke-width="3"/>'
        f'<g fill="{ink}">{eyes}</g><path d="M 29 {62 - smile / 2:.0f} Q 50 {62 + 2 * smile:.0f} 71'
        f' {62 - smile / 2:.0f}" fill="none" stroke="{ink}" stroke-width="6" stroke-linecap="round"/>'
        "</svg>"
    )


def _draw_face(pen: ImageDraw.ImageDraw, x: float, y: float, radius: float, emotion: str) -> None:
    colour, look = COLOURS[emotion], _LOOKS[emotion]
    ink = text_colour(colour)
    line = max(2, round(radius * 0.11)) * _FINER
    head = _scaled(x - radius, y - radius, x + radius, y + radius)
    pen.ellipse(head, fill=colour, outline=_LINE, width=2 * _FINER)
    for side in (-1, 1):
        eye, size = x + side * 0.34 * radius, 0.11 * radius
        top = y - 0.18 * radius
        pen.ellipse(_scaled(eye - size, top - size, eye + size, top + size), fill=ink)
        if look.brows is not None:
            brow, tilt = y - 0.5 * radius, look.brows * radius / 2
            inner, outer = x + side * 0.16 * radius, x + side * 0.56 * radius
            pen.line(_scaled(outer, brow - tilt, inner, brow + tilt), fill=ink, width=line)
    middle, half = y + 0.4 * radius, 0.42 * radius
    if look.open:
        wide, high = 0.22 * radius, look.open * radius
        pen.ellipse(_scaled(x - wide, middle - high, x + wide, middle + high), fill=ink)
        return
    # The mouth is a parabola whose middle lies `smile` below its corners.
    depth = look.smile * radius
    points = [
        (x + half * step / 10, middle + depth * (0.5 - (step / 10) ** 2)) for step in range(-10, 11)
    ]
    flat = [_FINER * value for point in points for value in point]
    pen.line(flat, fill=ink, width=line, joint="curve")


def _write(pen: ImageDraw.ImageDraw, x: float, y: float, text: str, size: int, colour: str) -> None:
    """Writes a text; the point is at its left end and at half its height."""
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    font = ImageFont.truetype(folder / "DejaVuSans-Bold.ttf", size * _FINER)
    pen.text((x * _FINER, y * _FINER), text, colour, font, anchor="lm")


def _scaled(*values: float) -> tuple[float, ...]:
    return tuple(_FINER * value for value in values)
