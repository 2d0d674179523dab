import numpy as np

from model.labels import EMOTIONS
from preprocessing.fer2013 import CLASSES, occurs_in


def test_classes_are_the_emotions_in_order() -> None:
    assert CLASSES == EMOTIONS


def test_occurs_in_finds_images_of_another_part() -> None:
    images = np.arange(4 * 48 * 48, dtype=np.uint8).reshape(4, 48, 48) + np.arange(
        4, dtype=np.uint8
    ).reshape(4, 1, 1)
    assert occurs_in(images, images[[2]]).tolist() == [False, False, True, False]
