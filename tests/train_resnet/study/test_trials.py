from dataclasses import fields

import numpy as np

from preprocessing.fer2013 import Fer2013
from train_resnet.run.architectures import ARCHITECTURES
from train_resnet.run.data import examples
from train_resnet.run.recipe import Recipe
from train_resnet.study import trials


def test_trials_are_recipes_with_names_of_their_own() -> None:
    names = [trial.name for trial in trials.TRIALS]
    assert len(set(names)) == len(names)
    known = {field.name for field in fields(Recipe)}
    for trial in trials.TRIALS:
        assert set(trial.recipe) <= known
        assert trial.recipe.get("arch", trials.BASE.arch) in ARCHITECTURES


def test_trials_learn_what_they_say(toy: Fer2013) -> None:
    part = toy.split("Training")
    usual = examples(part)
    learned = {trial.name: trial.learn(part) for trial in trials.TRIALS}
    np.testing.assert_array_equal(learned["base"].crops, usual.crops)
    np.testing.assert_array_equal(learned["raw"].crops, part.images)
    assert not learned["labels"].votes_weight.any()
    np.testing.assert_array_equal(learned["votes"].labels, usual.votes)
    np.testing.assert_array_equal(learned["one-head"].labels, learned["one-head"].votes)
    assert set(np.unique(learned["winners"].votes)) == {0, 1}
