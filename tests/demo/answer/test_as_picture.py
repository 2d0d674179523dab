"""Answers drawn as pictures."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from demo.answer.as_picture import annotate, caption, text_colour
from demo.answer.as_text import percent
from demo.answer.reading import Answer
from demo.web.service import Service
from model import FaceExpression
from model.labels import COLOURS
from preprocessing.images import Picture


def rgb(colour: str) -> np.ndarray:
    return np.array([int(colour[start : start + 2], 16) for start in (1, 3, 5)])


def near(pixels: np.ndarray, colour: str) -> np.ndarray:
    """The pixels that have a colour, as a mask."""
    return (np.abs(pixels.astype(int) - rgb(colour)) <= 2).all(axis=-1)


@pytest.fixture(scope="module")
def happy_answer(service: Service, happy: bytes) -> Answer:
    return service.read(happy)


@pytest.fixture
def face(happy_answer: Answer) -> FaceExpression:
    return happy_answer.faces[0]


@pytest.fixture
def blank() -> Callable[..., Answer]:
    """Builds answers about grey pictures, with faces at given places."""

    def answer(width: int, height: int, *faces: FaceExpression, reduced: int = 1) -> Answer:
        pixels = np.full((height // reduced, width // reduced, 3), 127, np.uint8)
        return Answer(Picture(pixels, width, height), list(faces))

    return answer


def test_annotate_writes_readable_text_on_every_colour() -> None:
    """WCAG 2.2 requires a contrast of 4.5 (1.4.3)."""

    def luminance(colour: str) -> float:
        encoded = rgb(colour) / 255
        linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    for colour in COLOURS.values():
        dark, light = sorted((luminance(colour), luminance(text_colour(colour))))
        assert (light + 0.05) / (dark + 0.05) >= 4.5, colour


@pytest.mark.parametrize(
    ("probability", "text"),
    [(1.0, ">99%"), (0.996, ">99%"), (0.994, "99%"), (0.5, "50%"), (0.006, "1%"), (0.0, "<1%")],
)
def test_percent_never_claims_certainty(probability: float, text: str) -> None:
    assert percent(probability) == text


def test_caption_says_emotion_and_confidence(face: FaceExpression) -> None:
    assert caption(face) == f"happy {percent(face.confidence)}"
    assert caption(replace(face, uncertain=True)) == f"happy or {face.second}?"


def test_annotate_draws_a_box_round_the_face_and_leaves_the_rest(happy_answer: Answer) -> None:
    before = happy_answer.picture.pixels.copy()
    drawn = annotate(happy_answer)
    np.testing.assert_array_equal(happy_answer.picture.pixels, before)
    assert drawn.shape == before.shape
    assert drawn.dtype == np.uint8
    x, y, width, height = happy_answer.faces[0].box
    happy = near(drawn, COLOURS["happy"])
    assert happy[y : y + height, x].mean() > 0.9
    assert happy[y : y + height, x + width].mean() > 0.9
    assert happy[y + height, x : x + width].mean() > 0.9
    # The label is above the box and has dark letters.
    label = drawn[y - 12, x : x + width]
    assert near(label, COLOURS["happy"]).any()
    assert near(label, "#000000").any()
    # Face and background are untouched.
    inside = (slice(y + 6, y + height - 6), slice(x + 6, x + width - 6))
    np.testing.assert_array_equal(drawn[inside], before[inside])
    np.testing.assert_array_equal(drawn[y + height + 10 :], before[y + height + 10 :])


def test_annotate_returns_the_picture_without_faces(blank: Callable[..., Answer]) -> None:
    answer = blank(100, 80)
    np.testing.assert_array_equal(annotate(answer), answer.picture.pixels)


def test_annotate_takes_boxes_in_pixels_of_the_original(
    blank: Callable[..., Answer], face: FaceExpression
) -> None:
    drawn = annotate(blank(2000, 1000, replace(face, box=(800, 400, 400, 400)), reduced=4))
    assert drawn.shape == (250, 500, 3)
    happy = near(drawn, COLOURS["happy"])
    assert happy[110:190, 200].all()
    assert happy[110:190, 300].all()


@pytest.mark.parametrize("corner", [(0, 0), (120, 0), (0, 120), (120, 120)])
def test_annotate_keeps_labels_inside_the_picture(
    blank: Callable[..., Answer], face: FaceExpression, corner: tuple[int, int]
) -> None:
    sad = replace(face, box=(*corner, 40, 40), emotion="sad", uncertain=True)
    answer = blank(160, 160, sad)
    # The frame is white too.
    text = near(annotate(answer), "#ffffff") & ~near(annotate(answer, [""]), "#ffffff")
    assert text.sum() > 50
    # The edge cuts off no letter.
    assert not np.concatenate([text[0], text[-1], text[:, 0], text[:, -1]]).any()


def test_annotate_keeps_labels_off_faces_and_each_other(
    blank: Callable[..., Answer], face: FaceExpression
) -> None:
    above = replace(face, box=(200, 100, 80, 80), emotion="neutral")
    below = replace(face, box=(200, 190, 80, 80), emotion="sad")
    drawn = annotate(blank(600, 400, above, below))
    np.testing.assert_array_equal(drawn[104:176, 204:276], 127)
    np.testing.assert_array_equal(drawn[194:266, 204:276], 127)
    # One label above the upper face, one below the lower.
    assert near(drawn[:96], COLOURS["neutral"]).sum() > 300
    assert near(drawn[276:], COLOURS["sad"]).sum() > 300


def test_annotate_draws_a_picture_narrower_than_its_label(
    blank: Callable[..., Answer], face: FaceExpression
) -> None:
    assert annotate(blank(16, 16, replace(face, box=(2, 2, 12, 12)))).shape == (16, 16, 3)
