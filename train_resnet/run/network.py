"""Builds the network of a recipe."""

import keras

from train_resnet.run.architectures import build
from train_resnet.run.recipe import Recipe


def build_network(recipe: Recipe) -> keras.Model:
    """Returns the untrained network in the recipe's precision, with the recipe's layers frozen.

    Raises:
        ValueError: there is no such architecture or no such layer.
    """
    keras.utils.set_random_seed(recipe.seed)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(recipe.precision)
    try:
        network = build(recipe.arch, recipe.dropout, side=None)
    finally:
        keras.config.set_dtype_policy(before)
    if recipe.frozen:
        names = [layer.name for layer in network.layers]
        if recipe.frozen not in names:
            raise ValueError(f"--frozen is {recipe.frozen}; {recipe.arch} has no such layer.")
        for layer in network.layers[: names.index(recipe.frozen) + 1]:
            layer.trainable = False
    return network
