"""The seven emotions, with their emoji and colours; their order is FER-2013's, in every vector here."""

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

# Told apart by every sight: each is one step of lightness from the next, so that grey is enough. The
# smallest difference of two, in CIEDE2000: full sight 22.4 (surprise and neutral), protanopes 13.7
# (angry and disgust), deuteranopes 17.6 (fear and surprise), tritanopes 18.3 (disgust and sad), grey
# 10.1 (disgust and sad), where seven steps leave no room for more: tests/model/test_labels.py measures
# them. The lightest hardly differ from white, nor the darkest from a dark page, in grey: what is
# filled with them has a line round it.
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
    """What is said of a face that shows one of two emotions: "uncertain: happy or surprise"."""
    return f"uncertain: {first} or {second}"
