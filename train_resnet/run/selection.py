"""Chooses the parts of FER-2013 that a run learns from and is validated on."""

from dataclasses import fields, replace

import numpy as np

from model.labels import EMOTIONS
from train_resnet.run.data import Examples
from train_resnet.run.recipe import Recipe

_FIFTH = 5


def select(training: Examples, validation: Examples, recipe: Recipe) -> tuple[Examples, Examples]:
    """Returns the faces that a recipe learns from, and those that it is validated on.

    Args:
        training: FER-2013's Training.
        validation: FER-2013's PublicTest.
        recipe: its fields say what is dropped, balanced, held out and learned.
    """
    rng = np.random.default_rng(recipe.seed)
    training, validation = _without(training, recipe.drop), _without(validation, recipe.drop)
    if recipe.validation == "fifth-after-balancing":
        training = balanced(training, recipe.balanced, rng)
    if recipe.validation.startswith("fifth"):
        held_out = folds(training, _FIFTH, rng) == 0
        training, validation = rows(training, ~held_out), rows(training, held_out)
    if recipe.validation == "PublicTest-learned":
        training = _joined(training, validation)
    if recipe.balanced and recipe.validation != "fifth-after-balancing":
        training = balanced(training, recipe.balanced, rng)
    if recipe.learn == "votes":
        training, validation = _voted(training), _voted(validation)
    return training, validation


def rows(faces: Examples, chosen: np.ndarray) -> Examples:
    """Returns some of the faces, by a mask or by their positions, which may repeat."""
    return Examples(*(getattr(faces, field.name)[chosen] for field in fields(faces)))


def folds(faces: Examples, count: int, rng: np.random.Generator) -> np.ndarray:
    """Deals each emotion's faces into `count` equal parts; returns `(n,)` int, 0 to `count` - 1."""
    part = np.zeros(len(faces), np.int64)
    emotion = faces.labels.argmax(1)
    for each in range(len(EMOTIONS)):
        mine = rng.permutation(np.flatnonzero(emotion == each))
        part[mine] = np.arange(len(mine)) % count
    return part


def balanced(faces: Examples, each: int, rng: np.random.Generator) -> Examples:
    """Returns the same number of faces for every emotion; some are left out or repeated."""
    emotion = faces.labels.argmax(1)
    chosen = []
    for mine in (np.flatnonzero(emotion == index) for index in range(len(EMOTIONS))):
        if len(mine):
            whole = np.tile(mine, each // len(mine))
            rest = rng.permutation(mine)[: each - len(whole)]
            chosen.append(np.concatenate([whole, rest]))
    return rows(faces, np.concatenate(chosen))


def _without(faces: Examples, dropped: tuple[str, ...]) -> Examples:
    names = np.array(EMOTIONS)[faces.labels.argmax(1)]
    return rows(faces, ~np.isin(names, dropped)) if dropped else faces


def _joined(first: Examples, second: Examples) -> Examples:
    return Examples(
        *(
            np.concatenate([getattr(first, field.name), getattr(second, field.name)])
            for field in fields(first)
        )
    )


def _voted(faces: Examples) -> Examples:
    """Returns the faces with enough votes, with the votes as targets of the FER head."""
    faces = rows(faces, faces.votes_weight > 0)
    return replace(faces, labels=faces.votes)
