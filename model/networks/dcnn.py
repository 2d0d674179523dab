"""The network of the report that calls it a DCNN."""

import keras
from keras import layers

from model.networks.heads import one_head
from preprocessing.alignment import SIZE

_DECAY = 1e-3


def dcnn(dropout: float = 0.5, side: int | None = SIZE) -> keras.Model:
    """Six convolutions of two sizes, two poolings and two dense layers, with L2 on the kernels.

    The report gives these numbers but no filters. Networks called DCNN for FER-2013 usually have pairs
    of 64, 128 and 256 filters, the first pair of 5x5, each convolution followed by ELU and batch
    normalisation.

    Args:
        dropout: the share of the features dropped in training, before each dense layer.
        side: a face's width and height in pixels; None means 48, the only size that the dense
            layer allows.

    Returns:
        A model as from `model.networks.heads.one_head`.
    """
    small = keras.regularizers.L2(_DECAY)
    inputs = keras.Input((side or SIZE, side or SIZE, 1), name="face")
    x = layers.Rescaling(1 / 255, name="rescaling")(inputs)
    for pair, (filters, kernel) in enumerate(((64, 5), (128, 3), (256, 3)), start=1):
        for layer in (1, 2):
            name = f"pair{pair}_{layer}"
            x = layers.Conv2D(
                filters,
                kernel,
                padding="same",
                activation="elu",
                kernel_initializer="he_normal",
                kernel_regularizer=small,
                name=f"{name}_conv",
            )(x)
            x = layers.BatchNormalization(momentum=0.9, name=f"{name}_norm")(x)
        if pair < 3:
            x = layers.MaxPooling2D(name=f"pair{pair}_pool")(x)
    x = layers.Flatten(name="flatten")(x)  # (batch, 12 * 12 * 256)
    x = layers.Dropout(dropout, name="dropout1")(x)
    x = layers.Dense(128, "elu", kernel_regularizer=small, name="dense")(x)
    x = layers.BatchNormalization(momentum=0.9, name="dense_norm")(x)
    x = layers.Dropout(dropout, name="dropout2")(x)
    return one_head(inputs, x, name="dcnn")
