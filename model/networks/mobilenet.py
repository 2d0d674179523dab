"""The network of the HSE face recogniser, with the two heads in place of its own."""

import keras
from keras import layers

from model.networks.heads import add_heads, standardise
from preprocessing.alignment import SIZE

# Filters of the thirteen blocks, and those of them that halve the resolution.
_FILTERS = (64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)
_HALVING = (2, 4, 6, 12)


def mobilenet(enlarged: int, dropout: float = 0.2, side: int | None = SIZE) -> keras.Model:
    """Builds a MobileNet for 48x48 faces.

    Howard et al., "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision
    Applications" (2017), without its dense layer: each of thirteen blocks is a 3x3 convolution of
    every channel by itself and a 1x1 convolution of all of them. Layers are as they are there, so
    that weights trained elsewhere fit (`train_resnet.begin.hse_weights`); `model.networks.heads.add_heads` gives
    it the heads. Under Keras's mixed precision only the 1x1 convolutions, nearly all of the
    arithmetic, are in bfloat16: for the rest it saves nothing on a CPU, or costs.

    Args:
        enlarged: side in pixels to which each face is enlarged, as large as the weights to begin
            with saw faces, or smaller at less cost; halved five times without a rest.
        dropout: share of the last features dropped while training.
        side: a face's width and height in pixels; None takes any.

    Returns:
        A model as `model.networks.resnet.resnet` gives it.
    """
    inputs = keras.Input((side, side, 1), name="face")
    x = standardise(inputs)
    x = layers.Resizing(enlarged, enlarged, "bilinear", dtype="float32", name="enlarge")(x)
    stem = layers.Conv2D(
        32, 3, 2, padding="same", use_bias=False, dtype="float32", name="stem_conv"
    )
    x = _normalised(stem(x), "stem")
    for block, filters in enumerate(_FILTERS, start=1):
        name = f"block{block}"
        stride = 2 if block in _HALVING else 1
        x = layers.DepthwiseConv2D(
            3, stride, padding="same", use_bias=False, dtype="float32", name=f"{name}_depthwise"
        )(x)
        x = _normalised(x, f"{name}_depthwise")
        x = layers.Conv2D(filters, 1, use_bias=False, name=f"{name}_conv")(x)
        x = _normalised(x, name)
    return add_heads(inputs, x, dropout, name=f"mobilenet_{enlarged}")


def _normalised(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    x = layers.BatchNormalization(momentum=0.9, dtype="float32", name=f"{name}_norm")(x)
    return layers.ReLU(6.0, dtype="float32", name=f"{name}_relu")(x)
