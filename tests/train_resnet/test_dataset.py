from dataclasses import replace

import numpy as np
import pytest

from preprocessing.fer2013 import Fer2013
from train_resnet.config import Recipe
from train_resnet.dataset import Examples, batches, examples, steps_per_epoch

RECIPE = Recipe(batch_size=16)


@pytest.fixture
def training(toy: Fer2013) -> Examples:
    return examples(toy.split("Training"))


def test_targets_are_distributions(training: Examples) -> None:
    np.testing.assert_allclose(training.labels.sum(1), 1)
    np.testing.assert_allclose(training.votes.sum(1), 1)
    np.testing.assert_array_equal(training.votes.argmax(1), training.labels.argmax(1))
    assert training.votes_weight.all()


def test_without_votes_that_head_learns_nothing(toy: Fer2013) -> None:
    assert not examples(replace(toy, votes=None)).votes_weight.any()


def test_an_epoch_is_every_image_once(training: Examples) -> None:
    seen = list(batches(training, RECIPE, epoch=0))
    assert len(seen) == steps_per_epoch(training, RECIPE) == 7
    assert seen[0].faces.shape == (16, 48, 48, 1)
    counts = sum(batch.targets["fer_head"].sum(0) for batch in seen)
    np.testing.assert_array_equal(counts, [16] * 7)


def test_epochs_differ_and_repeat_exactly(training: Examples) -> None:
    first, again, other = (next(iter(batches(training, RECIPE, epoch))) for epoch in (0, 0, 1))
    np.testing.assert_array_equal(first.faces, again.faces)
    assert not np.array_equal(first.faces, other.faces)


def test_an_epoch_entered_in_the_middle_goes_on_as_it_would_have(training: Examples) -> None:
    whole = list(batches(training, RECIPE, epoch=3))
    rest = list(batches(training, RECIPE, epoch=3, first=4))
    assert len(rest) == 3
    for expected, batch in zip(whole[4:], rest, strict=True):
        np.testing.assert_array_equal(expected.faces, batch.faces)
        np.testing.assert_array_equal(expected.targets["fer_head"], batch.targets["fer_head"])
