"""The two networks of the report that averages checkpoints of one run."""

import keras
from keras import layers

from model.networks.heads import one_head
from preprocessing.alignment import SIZE


def cnn_shallow(dropout: float = 0.0, side: int | None = SIZE) -> keras.Model:
    """Two 5x5 convolutions of stride 2 and a dense layer, without regularisation.

    The report does not give the range of its input; this network takes grey levels of 0 to 1, as
    tutorials with such networks do.

    Args:
        dropout: the share of the dense layer's features dropped in training; the report drops none.
        side: a face's width and height in pixels; None means 48, the only size that the dense
            layer allows.

    Returns:
        A model as from `model.networks.heads.one_head`.
    """
    inputs = keras.Input((side or SIZE, side or SIZE, 1), name="face")
    x = layers.Rescaling(1 / 255, name="rescaling")(inputs)
    for name, filters in (("first", 16), ("second", 36)):
        x = layers.Conv2D(filters, 5, 2, padding="same", activation="relu", name=f"{name}_conv")(x)
    x = layers.Flatten(name="flatten")(x)  # (batch, 12 * 12 * 36)
    x = layers.Dense(128, "relu", name="dense")(x)
    x = layers.Dropout(dropout, name="dropout")(x)
    return one_head(inputs, x, name="cnn_shallow")


def cnn_wide(dropout: float = 0.3, side: int | None = SIZE) -> keras.Model:
    """Three 5x5 convolutions, each followed by a 2x2 pooling, a dense layer, and dropout of 30 %.

    Args:
        dropout: the share of the dense layer's features dropped in training.
        side: a face's width and height in pixels; None means 48, the only size that the dense
            layer allows.

    Returns:
        A model as from `model.networks.heads.one_head`.
    """
    inputs = keras.Input((side or SIZE, side or SIZE, 1), name="face")
    x = layers.Rescaling(1 / 255, name="rescaling")(inputs)
    for name, filters in (("first", 32), ("second", 64), ("third", 64)):
        x = layers.Conv2D(filters, 5, padding="same", activation="relu", name=f"{name}_conv")(x)
        x = layers.MaxPooling2D(name=f"{name}_pool")(x)
    x = layers.Flatten(name="flatten")(x)  # (batch, 6 * 6 * 64)
    x = layers.Dense(128, "relu", name="dense")(x)
    x = layers.Dropout(dropout, name="dropout")(x)
    return one_head(inputs, x, name="cnn_wide")
