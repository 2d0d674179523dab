"""The seven emotions, in FER-2013's order, which is the order of every probability vector here."""

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


def doubt(first: str, second: str) -> str:
    """What is said of a face that shows one of two emotions: "uncertain: happy or surprise"."""
    return f"uncertain: {first} or {second}"
