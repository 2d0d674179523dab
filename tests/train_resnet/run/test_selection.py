from dataclasses import replace

import numpy as np
import pytest

from preprocessing.fer2013 import Fer2013
from train_resnet.run.data import Examples, examples
from train_resnet.run.recipe import Recipe
from train_resnet.run.selection import select

RECIPE = Recipe(early_share=0.0)


@pytest.fixture(scope="module")
def parts(toy: Fer2013) -> tuple[Examples, Examples]:
    """16 images of each emotion to learn from, 4 to validate on, no two of them alike."""
    return examples(toy.split("Training")), examples(toy.split("PublicTest"))


def counts(faces: Examples) -> list[float]:
    return faces.labels.sum(0).tolist()


def shared(one: Examples, other: Examples) -> int:
    known = {crop.tobytes() for crop in one.crops}
    return sum(crop.tobytes() in known for crop in other.crops)


def test_select_takes_everything_unless_told(parts: tuple[Examples, Examples]) -> None:
    learned, validation = select(*parts, RECIPE)
    assert counts(learned) == [16] * 7
    assert counts(validation) == [4] * 7


def test_select_drops_emotions_from_both_parts(
    parts: tuple[Examples, Examples],
) -> None:
    learned, validation = select(*parts, replace(RECIPE, drop=("disgust",)))
    assert counts(learned) == [16, 0, *[16] * 5]
    assert counts(validation) == [4, 0, *[4] * 5]


def test_select_holds_out_a_fifth_before_it_balances_the_rest(
    parts: tuple[Examples, Examples],
) -> None:
    learned, validation = select(*parts, replace(RECIPE, validation="fifth", balanced=30))
    assert counts(learned) == [30] * 7
    assert counts(validation) == [4] * 7
    assert shared(learned, validation) == 0


def test_select_shares_images_where_the_validation_is_none(
    parts: tuple[Examples, Examples],
) -> None:
    recipe = replace(RECIPE, validation="fifth-after-balancing", balanced=30)
    learned, validation = select(*parts, recipe)
    assert len(learned) + len(validation) == 210
    assert shared(learned, validation) > len(validation) / 2
    learned, validation = select(*parts, replace(RECIPE, validation="PublicTest-learned"))
    assert counts(learned) == [20] * 7
    assert shared(learned, validation) == len(validation) == 28


def test_select_learns_votes_in_place_of_labels(parts: tuple[Examples, Examples]) -> None:
    training, validation = parts
    votes = np.roll(training.votes, 1, axis=1)
    known = np.ones(len(training), np.float32)
    known[:12] = 0
    training = replace(training, votes=votes, votes_weight=known)
    learned, _ = select(training, validation, replace(RECIPE, learn="votes"))
    np.testing.assert_array_equal(learned.labels, votes[12:])
