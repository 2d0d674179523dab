"""The network of the HSE face recogniser, with this project's two heads."""

import keras
from keras import layers

from model.networks.heads import add_heads, standardise
from preprocessing.alignment import SIZE

# The filters of the thirteen blocks, and the numbers of the blocks that halve the resolution.
_FILTERS = (64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)
_HALVING = (2, 4, 6, 12)


def mobilenet(enlarged: int, dropout: float = 0.2, side: int | None = SIZE) -> keras.Model:
    """Builds a MobileNet for 48x48 faces.

    Howard et al., "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision
    Applications" (2017), without its dense layer. Each of the thirteen blocks is a depthwise 3x3
    convolution and a 1x1 convolution. The layers match the paper, so weights trained elsewhere fit
    (`train_resnet.begin.hse_weights`). `model.networks.heads.add_heads` adds the heads. Under Keras's mixed
    precision, only the 1x1 convolutions, which are nearly all of the arithmetic, run in bfloat16; for
    the other layers, bfloat16 saves nothing on a CPU or even costs time.

    Args:
        enlarged: the side in pixels to which each face is enlarged, a multiple of 32. Use the size of
            the faces that the initial weights were trained on, or a smaller one at less cost.
        dropout: the share of the last features dropped in training.
        side: a face's width and height in pixels; None accepts any.

    Returns:
        A model as from `model.networks.resnet.resnet`.
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
