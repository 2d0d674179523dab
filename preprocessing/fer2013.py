"""FER-2013 and the FER+ votes: reading them, and aligning their faces as photographs are aligned."""

from __future__ import annotations

import csv
import gzip
import hashlib
import inspect
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import cv2
import numpy as np
from tqdm import tqdm

from preprocessing.alignment import SIZE, TEMPLATE, align, similarity_to_template

# Faces once aligned are learned from without dlib, which an accelerator's machine may lack.
if TYPE_CHECKING:
    from preprocessing.faces import HogDetector

# The dataset's classes: the position is the label, the name the folder in Kaggle's folder layout.
CLASSES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
SPLITS = ("Training", "PublicTest", "PrivateTest")

# The columns of FER+, and which of them is which class of FER-2013.
VOTE_COLUMNS = (
    "neutral", "happiness", "surprise", "sadness", "anger",
    "disgust", "fear", "contempt", "unknown", "NF",
)  # fmt: skip
_VOTE_OF_CLASS = [4, 5, 6, 1, 3, 2, 0]

# A vote says something about the seven emotions only if enough of its ten taggers chose one of them.
_MIN_VOTES = 4

# FER-2013's images are too small for the detector: four times larger, with a margin, it finds 86 %
# of them at a score far below what a photograph needs, since that each holds a face is known.
_ENLARGEMENT = 4
_MARGIN = 48
_SCORE_THRESHOLD = -0.3


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


def load(data: str | Path, votes: str | Path | None = None) -> Fer2013:
    """Reads FER-2013, and the FER+ votes where given.

    Args:
        data: Kaggle's `fer2013.csv`, the same compressed with gzip, or a folder of the layout
            `train/happy/Training_123.jpg`, `test/happy/PublicTest_123.jpg`.
        votes: Microsoft's `fer2013new.csv`, whose rows follow those of the `.csv`.

    Raises:
        InvalidDataset: a file is missing or malformed, or the votes are for other rows.
    """
    path = Path(data)
    if not path.exists():
        raise InvalidDataset(f"{path}: there is no such file or folder.")
    dataset = _read_folder(path) if path.is_dir() else _read_csv(path)
    if votes is None:
        return dataset
    if path.is_dir():
        raise InvalidDataset(f"{path}: FER+ votes follow the rows of fer2013.csv, not a folder.")
    return replace(dataset, votes=_read_votes(Path(votes), dataset.usage))


@contextmanager
def _open_text(path: Path) -> Iterator[TextIO]:
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", newline="", encoding="utf-8") as file:
            yield file
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise InvalidDataset(f"{path}: cannot be read ({error}).") from error


def _read_csv(path: Path) -> Fer2013:
    images, labels, usages = [], [], []
    with _open_text(path) as file:
        rows = csv.reader(file)
        header = next(rows, [])
        if header != ["emotion", "pixels", "Usage"]:
            raise InvalidDataset(
                f"{path}, line 1: the header is emotion,pixels,Usage. Received: {','.join(header)[:80]!r}"
            )
        for row in rows:
            try:
                emotion, pixels, usage = row
                label = int(emotion)
                values = np.array(pixels.split(), np.int64)
            except ValueError as error:
                raise InvalidDataset(f"{path}, line {rows.line_num}: {error}.") from error
            if not 0 <= label < len(CLASSES):
                raise InvalidDataset(
                    f"{path}, line {rows.line_num}: emotion is 0 to 6, not {label}."
                )
            if len(values) != SIZE * SIZE or values.min() < 0 or values.max() > 255:
                raise InvalidDataset(
                    f"{path}, line {rows.line_num}: pixels are {SIZE * SIZE} values of 0 to 255."
                    f" Received: {len(values)} values"
                )
            if usage not in SPLITS:
                raise InvalidDataset(
                    f"{path}, line {rows.line_num}: Usage is one of {', '.join(SPLITS)}, not {usage!r}."
                )
            images.append(values.astype(np.uint8).reshape(SIZE, SIZE))
            labels.append(label)
            usages.append(usage)
    if not images:
        raise InvalidDataset(f"{path}: there is no row in it.")
    return Fer2013(np.stack(images), np.array(labels, np.int64), np.array(usages))


def _read_folder(path: Path) -> Fer2013:
    images, labels, usages = [], [], []
    for folder, default in (("train", "Training"), ("test", "PrivateTest")):
        for label, name in enumerate(CLASSES):
            for file in sorted((path / folder / name).glob("*")):
                if file.suffix.lower() not in (".jpg", ".jpeg", ".png"):
                    continue
                image = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
                if image is None or image.shape != (SIZE, SIZE):
                    raise InvalidDataset(f"{file}: is not a picture of {SIZE}x{SIZE} pixels.")
                usage = file.name.split("_")[0]
                images.append(image)
                labels.append(label)
                usages.append(usage if usage in SPLITS else default)
    if not images:
        raise InvalidDataset(f"{path}: there is no picture in folders like train/happy.")
    return Fer2013(np.stack(images), np.array(labels, np.int64), np.array(usages))


def _read_votes(path: Path, usage: np.ndarray) -> np.ndarray:
    if not path.exists():
        raise InvalidDataset(f"{path}: there is no such file.")
    votes: list[list[int]] = []
    with _open_text(path) as file:
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


def align_image(image: np.ndarray, detector: HogDetector) -> tuple[np.ndarray, bool]:
    """Aligns one image of FER-2013.

    Args:
        image: `(48, 48)` uint8.
        detector: finds its face.

    Returns:
        `(48, 48)` uint8, and whether a face was found; the image as it is where none was.
    """
    size = SIZE * _ENLARGEMENT
    large = cv2.resize(image, (size, size), interpolation=cv2.INTER_CUBIC)
    large = cv2.copyMakeBorder(large, _MARGIN, _MARGIN, _MARGIN, _MARGIN, cv2.BORDER_REPLICATE)
    faces = detector.detect(large)
    if not faces:
        return image, False
    best = max(faces, key=lambda face: face.score)
    return align(large, best.landmarks), True


def align_images(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Aligns FER-2013's images with the code that aligns photographs, on every core.

    Args:
        images: `(n, 48, 48)` uint8.

    Returns:
        `(n, 48, 48)` uint8 and `(n,)` bool, False for images without a detected face, which stay
        as they are: figures are comparable only on all images.
    """
    from preprocessing.faces import HogDetector

    # The enlarged image is seen as it is, so `min_face` is the detector's own window.
    detector = HogDetector(min_face=80, threshold=_SCORE_THRESHOLD)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda image: align_image(image, detector), images)
        pairs = list(tqdm(results, total=len(images), desc="aligning", unit="face", leave=False))
    return np.stack([crop for crop, _ in pairs]), np.array([found for _, found in pairs], bool)


def aligned(images: np.ndarray, cache: Path | None = None) -> tuple[np.ndarray, np.ndarray]:
    """`align_images`, with the result kept on disk: all of FER-2013 takes minutes.

    Args:
        images: `(n, 48, 48)` uint8.
        cache: folder of the kept results, by default `facial-expressions` in the user's cache folder.
    """
    cache = cache or default_cache()
    # The code is part of the name too: another alignment must not find the crops of this one.
    code = "".join(inspect.getsource(part) for part in (align, similarity_to_template, align_image))
    how = f"{TEMPLATE.tolist()} {_ENLARGEMENT} {_MARGIN} {_SCORE_THRESHOLD} {code}"
    key = hashlib.sha256(how.encode() + np.ascontiguousarray(images).tobytes()).hexdigest()[:16]
    file = cache / f"aligned-{key}.npz"
    if file.exists():
        with np.load(file) as kept:
            return kept["crops"], kept["found"]
    crops, found = align_images(images)
    cache.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(f".{os.getpid()}.npz")
    np.savez(partial, crops=crops, found=found)
    partial.replace(file)
    return crops, found


def default_cache() -> Path:
    """The folder for results that are costly to make again."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "facial-expressions"
