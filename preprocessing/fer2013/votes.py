"""The FER+ votes: their columns, their file, and what ten taggers say about a face."""

import csv
from pathlib import Path

import numpy as np

from preprocessing.fer2013.dataset import CLASSES, InvalidDataset
from preprocessing.fer2013.text import open_text

# The columns of FER+, and which of them is which class of FER-2013.
VOTE_COLUMNS = (
    "neutral", "happiness", "surprise", "sadness", "anger",
    "disgust", "fear", "contempt", "unknown", "NF",
)  # fmt: skip
_VOTE_OF_CLASS = [4, 5, 6, 1, 3, 2, 0]

# A vote says something about the seven emotions only if enough of its ten taggers chose one of them.
_MIN_VOTES = 4


def read_votes(path: Path, usage: np.ndarray) -> np.ndarray:
    if not path.exists():
        raise InvalidDataset(f"{path}: there is no such file.")
    votes: list[list[int]] = []
    with open_text(path) as file:
        rows = csv.reader(file)
        if tuple(next(rows, [])[2:]) != VOTE_COLUMNS:
            raise InvalidDataset(f"{path}, line 1: is not the header of FER+ (fer2013new.csv).")
        for row in rows:
            if not row:
                raise InvalidDataset(f"{path}, line {rows.line_num}: is empty.")
            if len(votes) < len(usage) and row[0] != usage[len(votes)]:
                raise InvalidDataset(
                    f"{path}, line {rows.line_num}: is of {row[0]!r}, and that row of the data of"
                    f" {usage[len(votes)]!r}; the votes are for another file."
                )
            try:
                votes.append([int(value) for value in row[2:]])
            except ValueError as error:
                raise InvalidDataset(f"{path}, line {rows.line_num}: {error}.") from error
            if len(votes[-1]) != len(VOTE_COLUMNS):
                raise InvalidDataset(f"{path}, line {rows.line_num}: has not ten votes.")
    if len(votes) != len(usage):
        raise InvalidDataset(f"{path}: has {len(votes)} rows for the data's {len(usage)}.")
    return np.array(votes, np.int64)


def vote_distribution(votes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The FER+ votes as a distribution over the seven emotions, to learn from.

    Args:
        votes: `(n, 10)`, in the order of `VOTE_COLUMNS`.

    Returns:
        `(n, 7)` float32 that sum to 1, in the order of `CLASSES`; and `(n,)` bool, False where fewer
        than four votes went to the seven (there the distribution says nothing and is uniform).
    """
    seven = votes[:, _VOTE_OF_CLASS].astype(np.float32)
    total = seven.sum(1, keepdims=True)
    uniform = np.full_like(seven, 1 / len(CLASSES))
    return np.divide(seven, total, out=uniform, where=total > 0), total[:, 0] >= _MIN_VOTES


def vote_majority(votes: np.ndarray) -> np.ndarray:
    """The FER+ winner of each image, to test against.

    A row counts when its ten-column vote has a unique winner and that winner is one of the seven
    emotions: 3,372 rows of PublicTest, 3,350 of PrivateTest.

    Args:
        votes: `(n, 10)`, in the order of `VOTE_COLUMNS`.

    Returns:
        `(n,)` int64, positions in `CLASSES`; -1 where the row does not count.
    """
    unique = (votes == votes.max(1, keepdims=True)).sum(1) == 1
    class_of_vote = np.full(len(VOTE_COLUMNS), -1)
    class_of_vote[_VOTE_OF_CLASS] = np.arange(len(CLASSES))
    return np.where(unique, class_of_vote[votes.argmax(1)], -1)
