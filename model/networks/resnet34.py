"""The network of the report that uses a ResNet-34."""

import keras
from keras import layers

from model.networks.heads import one_head, rescale
from model.networks.resnet import basic_block, convolution


def resnet34(dropout: float = 0.0, side: int | None = None) -> keras.Model:
    """ResNet-34 as published: a 7x7 convolution to 64 channels and a pooling, both of stride 2.

    He et al., "Deep Residual Learning for Image Recognition" (CVPR 2016). The report gives no
    details, so this network takes FER-2013's faces unchanged: 48 px in grey levels. Only 12x12 positions
    reach its first stage; the project's own ResNet-34 (`resnet34-w32`) keeps all 48x48.

    Args:
        dropout: the share of the last features dropped in training.
        side: a face's width and height in pixels; None accepts any.

    Returns:
        A model as from `model.networks.heads.one_head`.
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
