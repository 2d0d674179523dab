"""The network of the report that uses two convolutions on faces of 100x100 pixels."""

import keras
from keras import layers

from model.networks.heads import one_head

_SIDE = 100


def cnn_2x100(dropout: float = 0.5, side: int | None = None) -> keras.Model:
    """Two wide convolutions and a dense layer: 2,831,107 parameters, as the report prints.

    It takes RGB of 0 to 1, so each grey face is enlarged and copied to all three channels. The report
    gives no dropout rate; one half is usual before a dense layer (Srivastava et al., "Dropout", JMLR
    2014).

    Args:
        dropout: the share of the flattened features dropped in training.
        side: a face's width and height in pixels; None accepts any.

    Returns:
        A model as from `model.networks.heads.one_head`.
    """
    inputs = keras.Input((side, side, 1), name="face")
    x = layers.Rescaling(1 / 255, name="rescaling")(inputs)
    x = layers.Resizing(_SIDE, _SIDE, "bilinear", dtype="float32", name="enlarge")(x)
    x = layers.Concatenate(name="rgb")([x, x, x])  # (batch, 100, 100, 3)
    x = layers.Conv2D(200, 3, activation="relu", name="first_conv")(x)  # (batch, 98, 98, 200)
    x = layers.MaxPooling2D(name="first_pool")(x)
    x = layers.Conv2D(100, 3, activation="relu", name="second_conv")(x)  # (batch, 47, 47, 100)
    x = layers.MaxPooling2D(name="second_pool")(x)
    x = layers.Flatten(name="flatten")(x)  # (batch, 52900)
    x = layers.Dropout(dropout, name="dropout")(x)
    x = layers.Dense(50, "relu", name="dense")(x)
    return one_head(inputs, x, name="cnn_2x100")
