"""The network of the report that uses a ResNet-34."""

import keras
from keras import layers

from model.networks.heads import one_head, rescale
from model.networks.resnet import basic_block, convolution


def resnet34(dropout: float = 0.0, side: int | None = None) -> keras.Model:
    """ResNet-34 as published: 64 channels behind a 7x7 convolution and a pooling of stride 2 each.

    He et al., "Deep Residual Learning for Image Recognition" (CVPR 2016). The report says no more of
    it, so faces come in as FER-2013 has them, 48 px in grey levels. The project's own ResNet-34
    (`resnet34-w32`) keeps all of these pixels in its first stage; here 12x12 positions are left.

    Args:
        dropout: share of the last features dropped while training.
        side: a face's width and height in pixels; None takes any.

    Returns:
        A model as `model.networks.heads.one_head` gives it.
    """
    inputs = keras.Input((side, side, 1), name="face")
    x = convolution(rescale(inputs), 64, kernel=7, stride=2, name="stem")  # (batch, 24, 24, 64)
    x = layers.ReLU(name="stem_relu")(x)
    x = layers.MaxPooling2D(3, 2, padding="same", name="stem_pool")(x)  # (batch, 12, 12, 64)
    for stage, depth in enumerate((3, 4, 6, 3)):
        for block in range(depth):
            stride = 2 if stage > 0 and block == 0 else 1
            name = f"stage{stage + 1}_block{block + 1}"
            x = basic_block(x, 64 * 2**stage, stride, name)
    x = layers.GlobalAveragePooling2D(name="pool")(x)  # (batch, 512)
    x = layers.Dropout(dropout, name="dropout")(x)
    return one_head(inputs, x, name="resnet34")
