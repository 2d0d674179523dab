"""The plain network of the report that compares networks in batches of 785."""

import keras
from keras import layers

from model.networks.heads import one_head
from preprocessing.alignment import SIZE


def cnn_rmsprop(dropout: float = 0.5, side: int | None = SIZE) -> keras.Model:
    """Three pairs of 3x3 convolutions, a pooling after each pair, and a dense layer.

    The report says "plain CNN" and how it was trained. Pairs of 3x3 convolutions that double their
    filters after each pooling are the usual shape (Simonyan and Zisserman, "Very Deep Convolutional
    Networks", ICLR 2015), half as wide here for a quarter of the pixels; the dropout of one half
    before the last layer is theirs too.

    Args:
        dropout: share of the dense layer's features dropped while training.
        side: a face's width and height in pixels; None takes 48, the one size that a dense layer
            behind it allows.

    Returns:
        A model as `model.networks.heads.one_head` gives it.
    """
    inputs = keras.Input((side or SIZE, side or SIZE, 1), name="face")
    x = layers.Rescaling(1 / 255, name="rescaling")(inputs)
    for pair, filters in enumerate((32, 64, 128), start=1):
        for layer in (1, 2):
            x = layers.Conv2D(
                filters,
                3,
                padding="same",
                activation="relu",
                kernel_initializer="he_normal",
                name=f"pair{pair}_{layer}_conv",
            )(x)
        x = layers.MaxPooling2D(name=f"pair{pair}_pool")(x)
    x = layers.Flatten(name="flatten")(x)  # (batch, 6 * 6 * 128)
    x = layers.Dense(256, "relu", name="dense")(x)
    x = layers.Dropout(dropout, name="dropout")(x)
    return one_head(inputs, x, name="cnn_rmsprop")
