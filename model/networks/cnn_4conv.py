"""The network of the report that uses four convolutional blocks."""

import keras
from keras import layers

from model.networks.heads import one_head
from preprocessing.alignment import SIZE


def cnn_4conv(dropout: float = 0.25, side: int | None = SIZE) -> keras.Model:
    """Four convolutions and two dense layers, all with batch normalisation, ReLU and dropout.

    The report says only that the first convolution has 64 filters of 3x3. The other sizes come from
    the course project "Facial Expression Recognition with Keras", which has the same first convolution
    and the same rate, batch and schedule as the report: 128 filters of 5x5, 512 and 512 of 3x3, dense
    layers of 256 and 512.

    Args:
        dropout: the share of the features dropped in training, after each block and dense layer.
        side: a face's width and height in pixels; None means 48, the only size that the dense
            layer allows.

    Returns:
        A model as from `model.networks.heads.one_head`.
    """
    inputs = keras.Input((side or SIZE, side or SIZE, 1), name="face")
    x = layers.Rescaling(1 / 255, name="rescaling")(inputs)
    for block, (filters, kernel) in enumerate(((64, 3), (128, 5), (512, 3), (512, 3)), start=1):
        name = f"block{block}"
        x = layers.Conv2D(filters, kernel, padding="same", name=f"{name}_conv")(x)
        x = layers.BatchNormalization(momentum=0.9, name=f"{name}_norm")(x)
        x = layers.ReLU(name=f"{name}_relu")(x)
        x = layers.MaxPooling2D(name=f"{name}_pool")(x)
        x = layers.Dropout(dropout, name=f"{name}_dropout")(x)
    x = layers.Flatten(name="flatten")(x)  # (batch, 3 * 3 * 512)
    for layer, units in enumerate((256, 512), start=1):
        name = f"dense{layer}"
        x = layers.Dense(units, name=name)(x)
        x = layers.BatchNormalization(momentum=0.9, name=f"{name}_norm")(x)
        x = layers.ReLU(name=f"{name}_relu")(x)
        x = layers.Dropout(dropout, name=f"{name}_dropout")(x)
    return one_head(inputs, x, name="cnn_4conv")
