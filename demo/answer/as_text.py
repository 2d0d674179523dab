"""An answer as text for a terminal."""

from pathlib import Path

from demo.answer.reading import Answer
from demo.names import printable
from model import FaceExpression
from model.labels import EMOJI, EMOTIONS


def percent(probability: float) -> str:
    """Writes a probability for people, never as "100%" or "0%", because no network is that sure."""
    if probability >= 0.995:
        return ">99%"
    if probability < 0.005:
        return "<1%"
    return f"{probability:.0%}"


def clock(seconds: float) -> str:
    """Writes a time in seconds for people: 0:03.2, 12:30.0 or 2:05:10.0."""
    minutes, rest = divmod(round(seconds * 10), 600)
    hours, minutes = divmod(minutes, 60)
    ending = f"{rest // 10:02}.{rest % 10}"
    return f"{hours}:{minutes:02}:{ending}" if hours else f"{minutes}:{ending}"


def text_table(path: Path, answer: Answer) -> str:
    """Writes a table for people: a line for the picture and one for each face, in whole percents."""
    picture = answer.picture
    count = len(answer.faces)
    title = f"{printable(path)} ({picture.width} x {picture.height}): "
    if not count:
        return f"{title}no face found"
    heads = "  ".join(f"{emotion:>4}" for emotion in EMOTIONS)
    lines = [
        f"{title}{count} face{'s' if count > 1 else ''}{_turned(answer.turned)}",
        f"   #  {'x, y':>11}  {'size':>11}  {heads}  expression",
    ]
    for number, face in enumerate(answer.faces, start=1):
        x, y, width, height = face.box
        percents = "  ".join(
            f"{percent(float(value)):>{max(4, len(emotion))}}"
            for emotion, value in zip(EMOTIONS, face.probabilities, strict=True)
        )
        place = f"{f'{x}, {y}':>11}  {f'{width} x {height}':>11}"
        lines.append(f"  {number:>2}  {place}  {percents}  {_expression(face)}")
    return "\n".join(lines)


def _turned(degrees: int) -> str:
    return f", found by turning the picture by {degrees}°" if degrees else ""


def _expression(face: FaceExpression) -> str:
    """Writes `😄 happy`, or `😄 happy or 😲 surprise?` if the network is not sure."""
    named = f"{EMOJI[face.emotion]} {face.emotion}"
    if face.uncertain:
        return f"{named} or {EMOJI[face.second]} {face.second}?"
    return named
