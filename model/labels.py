"""The seven emotions with their emoji and colours, in FER-2013's order, which every vector follows."""

EMOTIONS: tuple[str, ...] = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")

EMOJI: dict[str, str] = {
    "angry": "😠",
    "disgust": "🤢",
    "fear": "😨",
    "happy": "😄",
    "sad": "😢",
    "surprise": "😲",
    "neutral": "😐",
}

# Colour-blind people can tell these colours apart: each differs from the next by a step of lightness, so
# even grey is enough. The smallest CIEDE2000 difference of two colours is 22.4 for full colour vision
# (surprise and neutral), 13.7 for protanopes (angry and disgust), 17.6 for deuteranopes (fear and
# surprise), 18.3 for tritanopes (disgust and sad) and 10.1 in grey (disgust and sad), where seven steps
# leave no room for more. tests/model/test_labels.py measures them. In grey, the lightest colours hardly
# differ from white and the darkest hardly from a dark page, so filled areas have an outline.
COLOURS: dict[str, str] = {
    "angry": "#d3540c",
    "disgust": "#065015",
    "fear": "#9537ae",
    "happy": "#f8ed47",
    "sad": "#00127a",
    "surprise": "#29a2e5",
    "neutral": "#b8bdc5",
}


def doubt(first: str, second: str) -> str:
    """The answer in words for a face that shows one of two emotions: "uncertain: happy or surprise"."""
    return f"uncertain: {first} or {second}"
