"""The detectors kept for comparison, and the choice of a detector by name."""

import numpy as np
import pytest

from preprocessing.faces import DEFAULT, DETECTORS, JoinedDetector, detector


@pytest.mark.parametrize("name", ["cnn", "haar"])
def test_detect_finds_the_astronauts_face_with_every_detector(
    name: str, grey_astronaut: np.ndarray
) -> None:
    small = np.ascontiguousarray(grey_astronaut[:256, 100:356])
    faces = detector(name, 80).detect(small)
    assert faces
    face = max(faces, key=lambda face: face.score)
    assert face.detected_by == name
    assert np.hypot(*(face.landmarks[4] - (125, 134))) < 8
    assert detector(name, 80).detect(np.full((100, 100), 90, np.uint8)) == []


def test_detector_chooses_by_name() -> None:
    assert set(DETECTORS) >= {"hog+blazeface", "hog", "blazeface", "cnn", "haar"}
    assert isinstance(detector(), JoinedDetector)
    assert detector(DEFAULT, 80, second_look=False).min_face == 80
    with pytest.raises(ValueError, match=r"hog\+blazeface, hog, .*Received: 'eye'"):
        detector("eye")


@pytest.mark.parametrize("name", DETECTORS)
def test_detector_refuses_min_face_out_of_range(name: str) -> None:
    for size in (0, 19, 1281):
        with pytest.raises(ValueError, match=f"20 to 1280.*Received: {size}"):
            detector(name, size)
