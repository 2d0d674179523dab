"""The emotion model of the library DeepFace, which one report tried first."""

import keras
from keras import layers

from model.networks.heads import one_head
from preprocessing.alignment import SIZE


def deepface_emotion(dropout: float = 0.2, side: int | None = SIZE) -> keras.Model:
    """DeepFace's architecture, trained here because its own weights exist only as a download.

    Serengil and Ozpinar, "HyperExtended LightFace: A Facial Attribute Analysis Framework" (ICEET
    2021): five convolutions, one maximum pooling, two average poolings and two dense layers;
    1,485,831 parameters.

    Args:
        dropout: the share of the features dropped in training, after each dense layer.
        side: a face's width and height in pixels; None means 48, the only size that the dense
            layer allows.

    Returns:
        A model as from `model.networks.heads.one_head`.
    """
    inputs = keras.Input((side or SIZE, side or SIZE, 1), name="face")
    x = layers.Rescaling(1 / 255, name="rescaling")(inputs)
    x = layers.Conv2D(64, 5, activation="relu", name="first_conv")(x)  # (batch, 44, 44, 64)
    x = layers.MaxPooling2D(5, 2, name="first_pool")(x)  # (batch, 20, 20, 64)
    for pair, filters in enumerate((64, 128), start=1):
        for layer in (1, 2):
            name = f"pair{pair}_{layer}_conv"
            x = layers.Conv2D(filters, 3, activation="relu", name=name)(x)
        x = layers.AveragePooling2D(3, 2, name=f"pair{pair}_pool")(x)
    x = layers.Flatten(name="flatten")(x)  # (batch, 1 * 1 * 128)
    for layer in (1, 2):
        x = layers.Dense(1024, "relu", name=f"dense{layer}")(x)
        x = layers.Dropout(dropout, name=f"dropout{layer}")(x)
    return one_head(inputs, x, name="deepface_emotion")
