import numpy as np
import pytest

from model.labels import EMOTIONS
from preprocessing.fer2013 import CLASSES, SPLITS, Fer2013, occurs_in, vote_majority


def test_classes_are_the_emotions_in_order() -> None:
    assert CLASSES == EMOTIONS


def test_occurs_in_finds_images_of_another_part() -> None:
    images = np.arange(4 * 48 * 48, dtype=np.uint8).reshape(4, 48, 48) + np.arange(
        4, dtype=np.uint8
    ).reshape(4, 1, 1)
    assert occurs_in(images, images[[2]]).tolist() == [False, False, True, False]


@pytest.mark.slow
@pytest.mark.dataset
def test_load_gives_the_dataset_that_the_figures_are_of(dataset: Fer2013) -> None:
    assert [len(dataset.split(name)) for name in SPLITS] == [28709, 3589, 3589]
    public, private = dataset.split("PublicTest"), dataset.split("PrivateTest")
    assert public.votes is not None
    assert private.votes is not None
    assert (vote_majority(public.votes) >= 0).sum() == 3372
    assert (vote_majority(private.votes) >= 0).sum() == 3350
    known = dataset.split("Training").images
    assert occurs_in(private.images, known).sum() == 288
    assert occurs_in(public.images, known).sum() == 280
