"""The network of the report that uses mini-Xception."""

import keras
from keras import layers

from model.networks.heads import add_heads, one_head_of_maps, rescale
from preprocessing.alignment import SIZE


def mini_xception(
    dropout: float = 0.0, side: int | None = SIZE, two_heads: bool = False
) -> keras.Model:
    """A small network of depthwise separable convolutions, which most expression demos use.

    Arriaga et al., "Real-time Convolutional Neural Networks for Emotion and Gender Classification"
    (2017), a small version of Chollet, "Xception" (CVPR 2017): 58,423 parameters.

    Args:
        dropout: the share of the last features dropped in training; the paper drops none.
        side: a face's width and height in pixels; None accepts any.
        two_heads: whether to use this project's two heads instead of the paper's one.

    Returns:
        A model as from `model.networks.heads.one_head_of_maps`, or from `add_heads` with two heads.
    """
    inputs = keras.Input((side, side, 1), name="face")
    x = rescale(inputs)
    for index in range(2):
        x = layers.Conv2D(8, 3, use_bias=False, name=f"stem{index + 1}_conv")(x)
        x = layers.BatchNormalization(momentum=0.9, name=f"stem{index + 1}_norm")(x)
        x = layers.ReLU(name=f"stem{index + 1}_relu")(x)
    for stage, filters in enumerate((16, 32, 64, 128)):
        x = _block(x, filters, name=f"stage{stage + 1}")
    if two_heads:
        return add_heads(inputs, x, dropout, name="mini_xception")
    x = layers.SpatialDropout2D(dropout, name="dropout")(x)
    return one_head_of_maps(inputs, x, name="mini_xception")


def _block(x: keras.KerasTensor, filters: int, name: str) -> keras.KerasTensor:
    shortcut = layers.Conv2D(
        filters, 1, 2, padding="same", use_bias=False, name=f"{name}_shortcut_conv"
    )(x)
    shortcut = layers.BatchNormalization(momentum=0.9, name=f"{name}_shortcut_norm")(shortcut)
    for layer in range(2):
        x = layers.SeparableConv2D(
            filters, 3, padding="same", use_bias=False, name=f"{name}_{layer + 1}_conv"
        )(x)
        x = layers.BatchNormalization(momentum=0.9, name=f"{name}_{layer + 1}_norm")(x)
        if layer == 0:
            x = layers.ReLU(name=f"{name}_relu")(x)
    x = layers.MaxPooling2D(3, 2, padding="same", name=f"{name}_pool")(x)
    return layers.Add(name=f"{name}_add")([x, shortcut])
