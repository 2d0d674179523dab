"""FER-2013 in memory: its classes, its splits, and the images that occur twice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# The dataset's classes: the position is the label, the name the folder in Kaggle's folder layout.
CLASSES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
SPLITS = ("Training", "PublicTest", "PrivateTest")


class InvalidDataset(ValueError):
    """A dataset that cannot be read; the message names the file, the line and what is wrong."""


@dataclass(frozen=True)
class Fer2013:
    """FER-2013 or a part of it.

    Attributes:
        images: `(n, 48, 48)` uint8.
        labels: `(n,)` int64, positions in `CLASSES`.
        usage: `(n,)` str, one of `SPLITS` for each image.
        votes: `(n, 10)` int64, FER+ votes in the order of `VOTE_COLUMNS`, or None.
    """

    images: np.ndarray
    labels: np.ndarray
    usage: np.ndarray
    votes: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def split(self, name: str) -> Fer2013:
        """The images of one of `SPLITS`, in their order."""
        if name not in SPLITS:
            raise ValueError(f"A split is one of {', '.join(SPLITS)}. Received: {name!r}")
        chosen = self.usage == name
        votes = None if self.votes is None else self.votes[chosen]
        return Fer2013(self.images[chosen], self.labels[chosen], self.usage[chosen], votes)


def occurs_in(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which images are byte for byte among others: FER-2013's splits share 8 % of their images.

    Args:
        images: `(n, 48, 48)` uint8.
        others: `(m, 48, 48)` uint8.

    Returns:
        `(n,)` bool.
    """
    known = {image.tobytes() for image in others}
    return np.array([image.tobytes() in known for image in images], bool)
