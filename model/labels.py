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

# The palette of M. Okabe and K. Ito, "Color Universal Design" (2008), with a light grey for neutral.
COLOURS: dict[str, str] = {
    "angry": "#d55e00",
    "disgust": "#009e73",
    "fear": "#cc79a7",
    "happy": "#f0e442",
    "sad": "#0072b2",
    "surprise": "#56b4e9",
    "neutral": "#dddddd",
}


def doubt(first: str, second: str) -> str:
    """What is said of a face that shows one of two emotions: "uncertain: happy or surprise"."""
    return f"uncertain: {first} or {second}"
