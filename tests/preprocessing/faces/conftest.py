"""What the detectors' tests share: the two photographs in grey."""

import cv2
import numpy as np
import pytest

from preprocessing.faces import JoinedDetector


@pytest.fixture(scope="package")
def detector() -> JoinedDetector:
    return JoinedDetector()


@pytest.fixture(scope="session")
def grey_astronaut(astronaut: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(astronaut, cv2.COLOR_RGB2GRAY)


@pytest.fixture(scope="session")
def grey_hopper(hopper: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(hopper, cv2.COLOR_RGB2GRAY)
