"""What the tests of the demo share: the service with its real weights, and pictures as files."""

import io
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from demo.service import Service
from demo.settings import Settings


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Waits for something that happens in another thread or process."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"still waiting after {seconds} s"
        time.sleep(0.01)


def encoded(pixels: np.ndarray, form: str = "JPEG") -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, form)
    return file.getvalue()


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name == "PORT" or name.startswith("DEMO_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def service() -> Service:
    """The service of the server, loaded."""
    service = Service(Settings())
    service.start()
    wait_until(lambda: service.ready or service.error is not None)
    assert service.error is None
    return service


@pytest.fixture(scope="session")
def happy(astronaut: np.ndarray) -> bytes:
    """A JPEG of one smiling face."""
    return encoded(astronaut)


@pytest.fixture(scope="session")
def two_people(astronaut: np.ndarray, hopper: np.ndarray) -> bytes:
    """A JPEG of a smiling face on the left and a calm one on the right."""
    return encoded(np.hstack([astronaut, hopper[:512]]))


@pytest.fixture(scope="session")
def empty_room() -> bytes:
    """A JPEG without a face."""
    return encoded(np.full((300, 400, 3), 127, np.uint8))


@pytest.fixture
def ten_good_two_bad(tmp_path: Path, happy: bytes) -> Path:
    """A folder of ten pictures, some in a folder inside it, and two files that are none."""
    folder = tmp_path / "album"
    (folder / "more").mkdir(parents=True)
    for number in range(7):
        (folder / f"{number}.jpg").write_bytes(happy)
    for number in range(3):
        (folder / "more" / f"{number}.JPEG").write_bytes(happy)
    (folder / "bad.jpg").write_text("This is text.")
    (folder / "cut.jpg").write_bytes(happy[: len(happy) // 3])
    return folder
