"""A FER-2013 of three rows, and the astronaut's face as FER-2013 would hold it."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from preprocessing.fer2013 import SPLITS

PIXELS = " ".join(["7"] * 2304)
HEADER = "emotion,pixels,Usage"


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def data_file(tmp_path: Path) -> Path:
    rows = [f"{index},{PIXELS},{usage}" for index, usage in enumerate(SPLITS)]
    return write(tmp_path / "fer2013.csv", HEADER, *rows)


def small_face(astronaut: np.ndarray, angle: float) -> np.ndarray:
    """The astronaut's face as FER-2013 would hold it: 48x48, grey, tightly cut."""
    matrix = cv2.getRotationMatrix2D((224, 120), angle, 48 / 130)
    matrix[:, 2] += np.array([24, 24]) - (224, 120)
    grey = cv2.cvtColor(astronaut, cv2.COLOR_RGB2GRAY)
    return cv2.warpAffine(grey, matrix, (48, 48), flags=cv2.INTER_AREA)
