from dataclasses import replace

import numpy as np
import pytest

from preprocessing.fer2013 import Fer2013
from train_resnet.run.data import (
    Batch,
    Examples,
    batches,
    blend,
    examples,
    steps_per_epoch,
)
from train_resnet.run.recipe import Recipe

RECIPE = Recipe(batch_size=16, early_share=0.0)


@pytest.fixture
def training(toy: Fer2013) -> Examples:
    return examples(toy.split("Training"))


def test_examples_have_distributions_as_targets(training: Examples) -> None:
    np.testing.assert_allclose(training.labels.sum(1), 1)
    np.testing.assert_allclose(training.votes.sum(1), 1)
    np.testing.assert_array_equal(training.votes.argmax(1), training.labels.argmax(1))
    assert training.votes_weight.all()


def test_examples_without_votes_teach_that_head_nothing(toy: Fer2013) -> None:
    assert not examples(replace(toy, votes=None)).votes_weight.any()


def test_batches_show_every_image_once_an_epoch(training: Examples) -> None:
    seen = list(batches(training, RECIPE, epoch=0))
    assert len(seen) == steps_per_epoch(training, RECIPE) == 7
    assert seen[0].faces.shape == (16, 48, 48, 1)
    counts = sum(batch.targets["fer_head"].sum(0) for batch in seen)
    np.testing.assert_array_equal(counts, [16] * 7)


def test_batches_differ_between_epochs_and_repeat_exactly(training: Examples) -> None:
    first, again, other = (next(iter(batches(training, RECIPE, epoch))) for epoch in (0, 0, 1))
    np.testing.assert_array_equal(first.faces, again.faces)
    assert not np.array_equal(first.faces, other.faces)


def test_batches_entered_in_the_middle_go_on_as_they_would_have(training: Examples) -> None:
    whole = list(batches(training, RECIPE, epoch=3))
    rest = list(batches(training, RECIPE, epoch=3, first=4))
    assert len(rest) == 3
    for expected, batch in zip(whole[4:], rest, strict=True):
        np.testing.assert_array_equal(expected.faces, batch.faces)
        np.testing.assert_array_equal(expected.targets["fer_head"], batch.targets["fer_head"])


def test_batches_of_the_first_epochs_are_of_smaller_images(training: Examples) -> None:
    recipe = replace(RECIPE, epochs=10, early_share=0.7, early_side=32)
    sides = [next(iter(batches(training, recipe, epoch))).faces.shape[1] for epoch in (0, 6, 7, 9)]
    assert sides == [32, 32, 48, 48]
    assert [replace(recipe, early_share=1.0).side(epoch) for epoch in (8, 9)] == [32, None]


def a_batch() -> Batch:
    """Two images, black and white, of classes 0 and 1; the second has no votes."""
    faces = np.stack([np.zeros((4, 4, 1)), np.full((4, 4, 1), 200)]).astype(np.float32)
    classes = np.eye(7, dtype=np.float32)[:2]
    weights = {"fer_head": np.ones(2, np.float32), "votes_head": np.float32([1, 0])}
    return Batch(faces, {"fer_head": classes, "votes_head": classes}, weights)


def test_blend_mixes_images_and_targets_in_the_same_proportion() -> None:
    blended = blend(a_batch(), 0.75)
    np.testing.assert_allclose(blended.faces[:, 0, 0, 0], [50, 150])
    np.testing.assert_allclose(
        blended.targets["fer_head"][:, :2], [[0.75, 0.25], [0.25, 0.75]], atol=1e-6
    )
    # Where one of a pair has no votes, the other's are the target, and count for its share.
    np.testing.assert_allclose(blended.targets["votes_head"][:, :2], [[1, 0], [1, 0]], atol=1e-6)
    np.testing.assert_allclose(blended.weights["votes_head"], [0.75, 0.25])


def test_batches_with_mixup_repeat_exactly(training: Examples) -> None:
    recipe = replace(RECIPE, mixup=1.0)
    first, again = (next(iter(batches(training, recipe, epoch=0))) for _ in range(2))
    np.testing.assert_array_equal(first.faces, again.faces)
    assert ((first.targets["fer_head"] > 0).sum(1) == 2).any()
