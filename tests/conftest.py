"""Shared fixtures: two public-domain photographs, the recognizer, and FER-2013 if it is there."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest
from matplotlib.cbook import get_sample_data
from PIL import Image
from skimage import data

from model import Recognizer
from preprocessing import fer2013

ROOT = Path(__file__).parent.parent
# Background jobs of a script ignore Ctrl-C, and programs that tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts files with slow tests first: those that run last are short, and no core waits for one."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def astronaut() -> np.ndarray:
    """A smiling woman, (512, 512, 3) uint8 RGB."""
    return data.astronaut()


@pytest.fixture(scope="session")
def hopper_path() -> Path:
    """The JPEG of Grace Hopper that matplotlib ships, 512x600."""
    return Path(get_sample_data("grace_hopper.jpg", asfileobj=False))


@pytest.fixture(scope="session")
def hopper(hopper_path: Path) -> np.ndarray:
    """A woman in uniform, (600, 512, 3) uint8 RGB."""
    return np.asarray(Image.open(hopper_path).convert("RGB"))


@pytest.fixture(scope="session")
def recognizer() -> Recognizer:
    """The served recognizer."""
    return Recognizer()


@pytest.fixture(scope="session")
def dataset() -> fer2013.Fer2013:
    """FER-2013 with the FER+ votes, from the folder FER2013 or ../shared/data."""
    folder = Path(os.environ.get("FER2013", ROOT.parent / "shared" / "data"))
    path = folder / "fer2013.csv.gz"
    if not path.exists():
        pytest.skip("FER-2013 is not at hand: set FER2013 to the folder of fer2013.csv.gz")
    return fer2013.load(path, folder / "fer2013new.csv")
