"""An answer as HTML: the picture with its boxes, a card for each face, and a panel for each face.

Pictures are data URLs, so that an answer leaves no file behind and can be saved as long as the page
is open. `picture.js` shows the panel of the face that is chosen, `page.css` gives all this its looks.
"""

import base64
import json
from html import escape

import cv2
import numpy as np

from demo.attention import attention_picture
from demo.drawing import annotate, caption, reduced, text_colour
from demo.page.text import emoji
from demo.service import Answer
from demo.tables import percent
from model import FaceExpression
from model.labels import COLOURS, EMOTIONS

# The longer side of the picture that is shown; the one that is saved has all its pixels.
SHOWN_SIDE = 1280

# From so many faces on, their names in the picture would cover other faces.
_CROWD = 5

_NO_FACE = """<div class="fx-card fx-problem"><h2 class="fx-verdict">No face found</h2>
<p>What helps:</p><ul><li>turn the face to the camera, not to the side or far down;</li>
<li>more light, from the front;</li><li>come closer, or cut the picture closer to the face;</li>
<li>take off what covers eyes, nose or mouth.</li></ul></div>"""


def problem(sentence: str) -> str:
    """Why there is no answer, in plain text."""
    return f'<div class="fx-card fx-problem"><h2 class="fx-verdict">{escape(sentence)}</h2></div>'


def render(answer: Answer) -> str:
    """The whole answer; its faces must have been read with `explain`."""
    if not answer.faces:
        return _NO_FACE
    chosen = first_choice(answer)
    numbered = list(enumerate(answer.faces))
    cards = "".join(_card(index, face, index == chosen) for index, face in numbered)
    panels = "".join(_panel(index, face, index == chosen) for index, face in numbered)
    return (
        f'<h2 class="fx-verdict">{verdict(answer)}</h2>'
        f'<div class="fx-top">{_photograph(answer, chosen)}'
        '<div class="fx-cards" role="group" aria-label="Faces, as the network sees them">'
        f"{cards}</div></div>"
        f"{panels}"
        f'<div class="fx-actions"><a class="fx-button" download="expressions.jpg"'
        f' href="{_jpeg(annotate(answer), quality=90)}">Save the picture with its boxes</a></div>'
    )


def verdict(answer: Answer) -> str:
    """The answer in one line."""
    captions = [f"{emoji(face.emotion)} {caption(face)}" for face in answer.faces]
    if len(captions) == 1:
        return f"One face: {captions[0]}"
    if len(captions) <= 3:
        return f"{len(captions)} faces: {', '.join(captions)}"
    return f"{len(captions)} faces. Choose one to see more."


def first_choice(answer: Answer) -> int:
    """The face a photograph is most likely about: large, and near the middle."""
    middle = np.array([answer.picture.width, answer.picture.height]) / 2

    def weight(face: FaceExpression) -> float:
        x, y, width, height = face.box
        off = np.abs(np.array([x + width / 2, y + height / 2]) - middle) / middle
        return width * height * (1 - 0.5 * float(off.max()))

    return max(range(len(answer.faces)), key=lambda index: weight(answer.faces[index]))


def _photograph(answer: Answer, chosen: int) -> str:
    """The picture, with a button over each face."""
    shown = reduced(answer.picture.pixels, SHOWN_SIDE)
    boxes = "".join(
        _box(index, face, answer, index == chosen) for index, face in enumerate(answer.faces)
    )
    return (
        f'<div class="fx-photo"><img src="{_jpeg(shown, quality=85)}" width="{shown.shape[1]}"'
        f' height="{shown.shape[0]}" alt="Your picture">{boxes}</div>'
    )


def _box(index: int, face: FaceExpression, answer: Answer, chosen: bool) -> str:
    x, y, width, height = (
        100 * value / side
        for value, side in zip(
            face.box, 2 * (answer.picture.width, answer.picture.height), strict=True
        )
    )
    classes = ["fx-box"]
    # There is room for a name, not only an emoji, where faces are few or large; less on a telephone.
    crowd = len(answer.faces) >= _CROWD
    classes += ["fx-small"] if width < (16 if crowd else 4) else []
    classes += ["fx-medium"] if width < 16 else []
    classes += ["fx-right"] if x + width / 2 > 60 else []
    classes += ["fx-under"] if y < 10 else []
    colour = COLOURS[face.emotion]
    return (
        f'<button type="button" class="{" ".join(classes)}" data-face="{index}"'
        f' aria-pressed="{str(chosen).lower()}" aria-label="Face {index + 1}: {caption(face)}"'
        f' style="left:{x:.2f}%;top:{y:.2f}%;width:{width:.2f}%;height:{height:.2f}%;'
        f'--fx-colour:{colour};--fx-text:{text_colour(colour)}">'
        f'<span class="fx-tag">{emoji(face.emotion)}<span class="fx-name"> {caption(face)}</span>'
        "</span></button>"
    )


def _card(index: int, face: FaceExpression, chosen: bool) -> str:
    name, detail = face.emotion, percent(face.confidence)
    if face.uncertain:
        name, detail = "uncertain", f"{face.emotion} or {face.second}"
    return (
        f'<button type="button" class="fx-face" data-face="{index}"'
        f' aria-pressed="{str(chosen).lower()}" style="--fx-colour:{COLOURS[face.emotion]}">'
        f'<img class="fx-crop" src="{_png(face.crop)}" width="48" height="48"'
        f' alt="Face {index + 1} as the network sees it">'
        f"<span>{emoji(face.emotion)} {name}<br><small>{detail}</small></span></button>"
    )


def _panel(index: int, face: FaceExpression, chosen: bool) -> str:
    """One face's bar chart and attention map."""
    rows = "".join(
        _row(emotion, float(probability), emotion == face.emotion)
        for emotion, probability in zip(EMOTIONS, face.probabilities, strict=True)
    )
    title = f"Face {index + 1}: {face.summary if face.uncertain else caption(face)}"
    assert face.attention is not None
    attention = _jpeg(attention_picture(face.crop, face.attention), quality=90)
    request = json.dumps(
        {"probabilities": face.probabilities.tolist(), "uncertain": bool(face.uncertain)}
    )
    return (
        f'<section class="fx-card fx-panel" data-panel="{index}"{"" if chosen else " hidden"}>'
        f"<h3>{title}</h3>"
        f'<div class="fx-detail"><table class="fx-bars"><caption>Probability of each expression'
        f"</caption><tbody>{rows}</tbody></table>"
        f'<figure class="fx-attention"><img src="{attention}" width="192" height="192" alt="'
        f'The face with the places that spoke for {face.emotion} lit up">'
        f"<figcaption>The brighter, the more it spoke for {face.emotion}.</figcaption></figure></div>"
        f"<button type='button' class='fx-button' data-chart='{request}'"
        f" data-name='expression-{index + 1}-{face.emotion}.png'>Save the bar chart</button></section>"
    )


def _row(emotion: str, probability: float, best: bool) -> str:
    return (
        f'<tr{" class=fx-best" if best else ""}><th scope="row">'
        f"{emoji(emotion)} {emotion}</th>"
        f'<td class="fx-track"><span style="width:{100 * probability:.1f}%;'
        f'background:{COLOURS[emotion]}"></span></td>'
        f"<td>{escape(percent(probability))}</td></tr>"
    )


def _jpeg(pixels: np.ndarray, quality: int) -> str:
    """An RGB picture as a data URL."""
    bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return f"data:image/jpeg;base64,{base64.b64encode(data.tobytes()).decode()}"


def _png(pixels: np.ndarray) -> str:
    """A grey picture as a data URL, unchanged."""
    data = cv2.imencode(".png", pixels)[1]
    return f"data:image/png;base64,{base64.b64encode(data.tobytes()).decode()}"
