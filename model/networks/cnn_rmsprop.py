"""The plain network of the report that compares networks in batches of 785."""

import keras
from keras import layers

from model.networks.heads import one_head
from preprocessing.alignment import SIZE


def cnn_rmsprop(dropout: float = 0.5, side: int | None = SIZE) -> keras.Model:
    """Three pairs of 3x3 convolutions, with a pooling after each pair, and a dense layer.

    The report says only "plain CNN" and how it was trained. Its usual shape is pairs of 3x3
    convolutions with twice the filters after each pooling (Simonyan and Zisserman, "Very Deep
    Convolutional Networks", ICLR 2015). It is half as wide here, for a quarter of the pixels. The
    dropout of one half before the last layer also comes from that paper.

    Args:
        dropout: the share of the dense layer's features dropped in training.
        side: a face's width and height in pixels; None means 48, the only size that the dense
            layer allows.

    Returns:
        A model as from `model.networks.heads.one_head`.
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
