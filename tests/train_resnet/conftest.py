"""A small made-up FER-2013: its classes differ by where a bright bar lies, so they can be learned."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from preprocessing.fer2013 import VOTE_COLUMNS, Fer2013, load

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# The column of each class's vote.
_COLUMN = {0: 4, 1: 5, 2: 6, 3: 1, 4: 3, 5: 2, 6: 0}
_SPLITS = {"Training": 112, "PublicTest": 28, "PrivateTest": 28}


@pytest.fixture(scope="session")
def data_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fer")
    rng = np.random.default_rng(0)
    with (
        (folder / "fer2013.csv").open("w", newline="") as data,
        (folder / "fer2013new.csv").open("w", newline="") as votes,
    ):
        data_rows, vote_rows = csv.writer(data), csv.writer(votes)
        data_rows.writerow(["emotion", "pixels", "Usage"])
        vote_rows.writerow(["Usage", "Image name", *VOTE_COLUMNS])
        for usage, count in _SPLITS.items():
            for index in range(count):
                label = index % 7
                image = rng.integers(0, 60, (48, 48))
                image[label * 6 : label * 6 + 8] += 180
                data_rows.writerow([label, " ".join(map(str, image.ravel())), usage])
                ballot = [0] * len(VOTE_COLUMNS)
                ballot[_COLUMN[label]] = 9
                ballot[8] = 1
                vote_rows.writerow([usage, f"fer{index:07d}.png", *ballot])
    return folder / "fer2013.csv"


@pytest.fixture(scope="session")
def toy(data_file: Path) -> Fer2013:
    return load(data_file, data_file.parent / "fer2013new.csv")


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps made-up faces out of the user's cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
