"""Reading FER-2013 from Kaggle's file or from its folders, with the FER+ votes beside it."""

import csv
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from preprocessing.alignment import SIZE
from preprocessing.fer2013.dataset import CLASSES, SPLITS, Fer2013, InvalidDataset
from preprocessing.fer2013.text import open_text
from preprocessing.fer2013.votes import read_votes


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
    return replace(dataset, votes=read_votes(Path(votes), dataset.usage))


def _read_csv(path: Path) -> Fer2013:
    images, labels, usages = [], [], []
    with open_text(path) as file:
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
