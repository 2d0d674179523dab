import numpy as np

from preprocessing.alignment import TEMPLATE
from preprocessing.faces import HogDetector
from preprocessing.fer2013 import align_image
from tests.preprocessing.fer2013.conftest import small_face


def test_align_image_brings_small_faces_to_the_template(astronaut: np.ndarray) -> None:
    detector = HogDetector(min_face=80, threshold=-0.3)
    for angle in (-10.0, 0.0, 10.0):
        crop, found = align_image(small_face(astronaut, angle), detector)
        assert found
        again, found = align_image(crop, detector)
        assert found
        # Aligned once, a second time hardly moves it.
        assert np.abs(again.astype(int) - crop).mean() < 12
    assert TEMPLATE.shape == (5, 2)
