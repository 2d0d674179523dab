"""The parts that all networks share: the scaling of grey levels, and the heads."""

from collections.abc import Callable

import keras
from keras import layers

from model.labels import EMOTIONS

STANDARDISATION = "standardisation"


def rescale(inputs: keras.KerasTensor) -> keras.KerasTensor:
    """Scales grey levels of 0 to 255 to -1 to 1."""
    return layers.Rescaling(1 / 127.5, offset=-1, name="rescaling")(inputs)


def standardise(inputs: keras.KerasTensor) -> keras.KerasTensor:
    """Scales each face's grey levels to mean 0 and standard deviation 1."""
    # Adding 1 to the variance keeps a blank picture from being divided by zero.
    return layers.GroupNormalization(
        1, epsilon=1.0, center=False, scale=False, dtype="float32", name=STANDARDISATION
    )(inputs)


def add_heads(
    inputs: keras.KerasTensor, features: keras.KerasTensor, dropout: float, name: str
) -> keras.Model:
    """Puts the two heads on a trunk, one for FER-2013's labels and one for the FER+ votes.

    Each head is a 1x1 convolution to one map per emotion, followed by the mean of each map. This
    equals pooling before a dense layer, so the maps show what speaks for the answer at no extra cost.
    They are the class activation maps of Zhou et al., "Learning Deep Features for Discriminative
    Localization" (CVPR 2016).

    Args:
        inputs: the model's input.
        features: `(batch, height, width, channels)`, the trunk's output.
        dropout: the share of channels dropped in training, the same for both heads.
        name: the model's name.
    """
    features = layers.SpatialDropout2D(dropout, name="dropout")(features)
    outputs = {}
    for head in ("fer", "votes"):
        # float32 also under mixed precision: the loss is computed from these.
        maps = layers.Conv2D(len(EMOTIONS), 1, dtype="float32", name=f"{head}_maps")(features)
        pool = layers.GlobalAveragePooling2D(dtype="float32", name=f"{head}_head")
        outputs[f"{head}_head"] = pool(maps)
    return keras.Model(inputs, outputs, name=name)


def one_head(inputs: keras.KerasTensor, features: keras.KerasTensor, name: str) -> keras.Model:
    """Puts one head on a trunk, as the reports' networks have it: a dense layer to the seven emotions.

    Args:
        inputs: the model's input.
        features: `(batch, channels)`, the trunk's output.
        name: the model's name.

    Returns:
        A model from grey faces of 0 to 255 to `{"fer_head": (batch, 7)}` logits.
    """
    # float32 also under mixed precision: the loss is computed from these.
    logits = layers.Dense(len(EMOTIONS), dtype="float32", name="fer_head")(features)
    return keras.Model(inputs, {"fer_head": logits}, name=name)


def one_head_on_application(
    application: Callable[..., keras.Model], name: str, dropout: float, side: int | None
) -> keras.Model:
    """Puts one head on a network of Keras as published, with random weights.

    Args:
        application: a network of `keras.applications`.
        name: the model's name.
        dropout: the share of the last features dropped in training.
        side: a face's width and height in pixels; None accepts any.

    Returns:
        A model as from `one_head`.
    """
    inputs = keras.Input((side, side, 1), name="face")
    trunk = application(
        include_top=False, weights=None, input_tensor=rescale(inputs), pooling="avg"
    )
    x = layers.Dropout(dropout, name="dropout")(trunk.output)  # (batch, 2048)
    return one_head(inputs, x, name=name)


def one_head_of_maps(
    inputs: keras.KerasTensor, features: keras.KerasTensor, name: str
) -> keras.Model:
    """Puts one head on a trunk: a 3x3 convolution to one map per emotion, and the mean of each map.

    Args:
        inputs: the model's input.
        features: `(batch, height, width, channels)`, the trunk's output.
        name: the model's name.
    """
    maps = layers.Conv2D(len(EMOTIONS), 3, padding="same", dtype="float32", name="fer_maps")
    pool = layers.GlobalAveragePooling2D(dtype="float32", name="fer_head")
    return keras.Model(inputs, {"fer_head": pool(maps(features))}, name=name)


def with_maps(network: keras.Model) -> keras.Model:
    """Adds the heads' maps, `(batch, height, width, 7)`, to a network's outputs.

    Networks without maps are returned unchanged.
    """
    names = [f"{head}_maps" for head in ("fer", "votes")]
    known = {layer.name for layer in network.layers}
    maps = {name: network.get_layer(name).output for name in names if name in known}
    return keras.Model(network.input, {**network.output, **maps}, name=network.name)
