"""Provides an archive of 200 good and 20 bad pictures, and the table of an undisturbed run."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from demo.archive.columns import Row
from demo.archive.csv_table import read_csv
from tests.conftest import ROOT
from tests.demo.conftest import encoded

GOOD, BAD = 200, 20

# The fastest options: these tests do not depend on the detector.
FAST = ("--detector", "haar", "--min-face", "80")

Classify = Callable[..., "subprocess.CompletedProcess[str]"]


def fill(folder: Path, face: bytes, pair: bytes, room: bytes, good: int, bad: int) -> None:
    """Writes pictures of one, two and no people into folders, and bad files into `broken`."""
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
    """Three JPEG files, 200 pixels high, that show one person, two people and nobody."""
    left, right = astronaut[:200, 130:330], cv2.resize(hopper[40:360, 100:420], (200, 200))
    room = np.full((200, 260, 3), 127, np.uint8)
    return encoded(left), encoded(np.hstack([left, right])), encoded(room)


@pytest.fixture(scope="session")
def archive(
    tmp_path_factory: pytest.TempPathFactory, small_pictures: tuple[bytes, bytes, bytes]
) -> Path:
    """The archive; tests must not change it."""
    folder = tmp_path_factory.mktemp("archive") / "pictures"
    fill(folder, *small_pictures, GOOD, BAD)
    return folder


@pytest.fixture
def album(tmp_path: Path, small_pictures: tuple[bytes, bytes, bytes]) -> Path:
    """A folder of six good pictures and a bad one, which a test may change."""
    folder = tmp_path / "album"
    fill(folder, *small_pictures, 6, 1)
    return folder


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def start(
    *arguments: str | Path, before: str = "pass", **options: object
) -> "subprocess.Popen[str]":
    """Starts `classify` in its own process; `before` is Python code that runs first."""
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
    """The table of an undisturbed run with one process."""
    table = tmp_path_factory.mktemp("whole") / "table.csv"
    process = start(archive, "--csv", table, "--workers", "1")
    _, complaints = process.communicate(timeout=120)
    assert process.returncode == 1, complaints
    assert complaints.count("/broken/") == BAD
    return table


@pytest.fixture(scope="session")
def whole_rows(whole: Path) -> list[Row]:
    """The rows of the undisturbed run."""
    return list(read_csv(whole))
