"""An archive of 200 pictures and 20 bad ones, encoded once, and the rows of an undisturbed run."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from demo.archive.csv_table import read_csv
from demo.archive.rows import Row
from tests.conftest import ROOT
from tests.demo.conftest import encoded

GOOD, BAD = 200, 20

# The fastest way to see a face: what is tested here does not depend on it.
FAST = ("--detector", "haar", "--min-face", "80")

Classify = Callable[..., "subprocess.CompletedProcess[str]"]


def fill(folder: Path, face: bytes, pair: bytes, room: bytes, good: int, bad: int) -> None:
    """Pictures of one, two and no people in folders, and files that are none in one of their own."""
    for number in range(good):
        file = folder / str(2000 + number % 4) / f"{number:03}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes((face, pair, room)[number % 3])
    broken = folder / "broken"
    broken.mkdir(parents=True)
    for number in range(bad):
        content = (b"", b"This is text.", face[: len(face) // 8])[number % 3]
        (broken / f"{number:02}.jpg").write_bytes(content)


@pytest.fixture(scope="session")
def small_pictures(astronaut: np.ndarray, hopper: np.ndarray) -> tuple[bytes, bytes, bytes]:
    """JPEG files of one person, of two, and of none, 200 pixels high."""
    left, right = astronaut[:200, 130:330], cv2.resize(hopper[40:360, 100:420], (200, 200))
    room = np.full((200, 260, 3), 127, np.uint8)
    return encoded(left), encoded(np.hstack([left, right])), encoded(room)


@pytest.fixture(scope="session")
def archive(
    tmp_path_factory: pytest.TempPathFactory, small_pictures: tuple[bytes, bytes, bytes]
) -> Path:
    """The archive; not to be written to."""
    folder = tmp_path_factory.mktemp("archive") / "pictures"
    fill(folder, *small_pictures, GOOD, BAD)
    return folder


@pytest.fixture
def album(tmp_path: Path, small_pictures: tuple[bytes, bytes, bytes]) -> Path:
    """A folder of six pictures and one bad one, to be changed."""
    folder = tmp_path / "album"
    fill(folder, *small_pictures, 6, 1)
    return folder


def start(
    *arguments: str | Path, before: str = "pass", **options: object
) -> "subprocess.Popen[str]":
    """`classify` as a process of its own; `before` is Python that runs in it first."""
    program = f"import sys; from demo.commands.main import main; {before}; sys.exit(main())"
    return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
        [sys.executable, "-c", program, "classify", *map(os.fspath, arguments), *FAST],
        cwd=ROOT,
        text=True,
        stderr=subprocess.PIPE,
        **options,
    )


@pytest.fixture(scope="session")
def whole(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The table of an undisturbed run on one process."""
    table = tmp_path_factory.mktemp("whole") / "table.csv"
    process = start(archive, "--csv", table, "--workers", "1")
    _, complaints = process.communicate(timeout=120)
    assert process.returncode == 1, complaints
    assert complaints.count("/broken/") == BAD
    return table


@pytest.fixture(scope="session")
def whole_rows(whole: Path) -> list[Row]:
    """The rows of it."""
    return list(read_csv(whole))
