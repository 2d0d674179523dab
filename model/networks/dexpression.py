"""The DeXpression of the report that compares networks in batches of 785."""

import keras
from keras import layers

from model.networks.heads import one_head, rescale
from preprocessing.alignment import SIZE


def dexpression(dropout: float = 0.0, side: int | None = None) -> keras.Model:
    """Two parallel feature-extraction blocks behind one large convolution.

    Burkert et al., "DeXpression: Deep Convolutional Neural Network for Expression Recognition"
    (2015), on faces of 48 px instead of 224, so its dense layer sees 3x3 positions instead of 14x14.
    Batch normalisation replaces its local response normalisation, which Keras lacks.

    Args:
        dropout: the share of the last features dropped in training; the paper drops none.
        side: a face's width and height in pixels; None means 48, the only size that the dense
            layer allows.

    Returns:
        A model as from `model.networks.heads.one_head`.
    """
    inputs = keras.Input((side or SIZE, side or SIZE, 1), name="face")
    x = layers.Conv2D(64, 7, 2, padding="same", activation="relu", name="stem_conv")(
        rescale(inputs)
    )
    x = layers.MaxPooling2D(3, 2, padding="same", name="stem_pool")(x)  # (batch, 12, 12, 64)
    x = layers.BatchNormalization(momentum=0.9, name="stem_norm")(x)
    for block in ("block1", "block2"):
        x = _features(x, block)
        x = layers.MaxPooling2D(3, 2, padding="same", name=f"{block}_pool")(x)
    x = layers.Flatten(name="flatten")(x)  # (batch, 3 * 3 * 272)
    x = layers.Dropout(dropout, name="dropout")(x)
    return one_head(inputs, x, name="dexpression")


def _features(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    def convolution(
        x: keras.KerasTensor, filters: int, kernel: int, part: str
    ) -> keras.KerasTensor:
        return layers.Conv2D(
            filters, kernel, padding="same", activation="relu", name=f"{name}_{part}_conv"
        )(x)

    fine = convolution(convolution(x, 96, 1, "narrow"), 208, 3, "fine")
    pooled = layers.MaxPooling2D(3, 1, padding="same", name=f"{name}_smooth_pool")(x)
    return layers.Concatenate(name=f"{name}_join")([fine, convolution(pooled, 64, 1, "smooth")])
