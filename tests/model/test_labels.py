"""The palette, as seen with every kind of colour vision."""

from itertools import combinations

import numpy as np
import pytest
from skimage import color

from model.labels import COLOURS, EMOJI, EMOTIONS
from tests.conftest import ROOT

# What each kind of colour vision sees of linear RGB. The three that lack a kind of cone follow
# G. M. Machado, M. M. Oliveira and L. A. F. Fernandes, "A Physiologically-based Model for Simulation of
# Color Vision Deficiency" (IEEE TVCG 15(6), 2009), severity 1. Grey is the luminance, as in a print
# without colours.
SIGHTS = {
    "full": np.eye(3),
    "protanope": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranope": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanope": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
    "grey": np.tile([0.2126, 0.7152, 0.0722], (3, 1)),
}

# Where the page draws: its light theme is white, its dark theme's cards are Gradio's "slate 800".
GROUNDS = {"light": "#ffffff", "dark": "#1e293b"}


def linear(*colours: str) -> np.ndarray:
    """Colours written "#rrggbb" as linear RGB, `(n, 3)` of 0 to 1."""
    encoded = np.array([[int(each[at : at + 2], 16) for at in (1, 3, 5)] for each in colours]) / 255
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def seen(sight: str, *colours: str) -> np.ndarray:
    """Colours as a kind of colour vision sees them, in CIELAB."""
    rgb = np.clip(linear(*colours) @ SIGHTS[sight].T, 0, 1)
    encoded = np.where(rgb <= 0.0031308, 12.92 * rgb, 1.055 * rgb ** (1 / 2.4) - 0.055)
    return color.rgb2lab(encoded[None])[0]


def test_emotions_have_a_colour_and_an_emoji_each() -> None:
    assert tuple(COLOURS) == tuple(EMOJI) == EMOTIONS


@pytest.mark.parametrize("sight", SIGHTS)
def test_colours_differ_for_every_kind_of_colour_vision(sight: str) -> None:
    lab = seen(sight, *COLOURS.values())
    for one, other in combinations(range(len(EMOTIONS)), 2):
        difference = float(color.deltaE_ciede2000(lab[one], lab[other]))
        assert difference > 10, (EMOTIONS[one], EMOTIONS[other])


@pytest.mark.parametrize("ground", GROUNDS)
def test_colours_stand_out_from_the_page(ground: str) -> None:
    lab = seen("full", GROUNDS[ground], *COLOURS.values())
    assert color.deltaE_ciede2000(lab[:1], lab[1:]).min() > 10


def test_colours_keep_the_hues_that_people_know() -> None:
    """Angles in CIELAB: red, green, purple, yellow, blue and light blue; neutral has no hue."""
    hues = {
        "angry": (25, 60),
        "disgust": (130, 180),
        "fear": (300, 360),
        "happy": (85, 110),
        "sad": (250, 305),
        "surprise": (220, 265),
    }
    lab = dict(zip(EMOTIONS, seen("full", *COLOURS.values()), strict=True))
    for emotion, (lowest, highest) in hues.items():
        _, a, b = lab[emotion]
        assert np.hypot(a, b) > 25, emotion
        assert lowest <= np.degrees(np.arctan2(b, a)) % 360 <= highest, emotion
    assert np.hypot(*lab["neutral"][1:]) < 8
    assert lab["surprise"][0] > lab["sad"][0] + 20


def test_colours_are_written_in_one_file() -> None:
    places = {
        file.relative_to(ROOT).as_posix()
        for folder in ("demo", "model", "preprocessing", "train_resnet")
        for file in (ROOT / folder).rglob("*")
        if file.suffix in {".py", ".js", ".css", ".html"}
        for text in [file.read_text(encoding="utf-8").lower()]
        if any(colour in text for colour in COLOURS.values())
    }
    assert places == {"model/labels.py"}
