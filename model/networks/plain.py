"""A plain network with the residual network's input and heads, for comparison."""

import keras
from keras import layers

from model.networks.heads import add_heads, rescale
from preprocessing.alignment import SIZE


def plain_cnn(width: int, dropout: float = 0.2, side: int | None = SIZE) -> keras.Model:
    """A stack of eight 3x3 convolutions without shortcuts, shaped like VGG with batch normalisation.

    Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition"
    (ICLR 2015); Ioffe and Szegedy, "Batch Normalization" (ICML 2015).

    Args:
        width: the channels of the first stage; each of the next three stages doubles them.
        dropout: the share of the last features dropped in training.
        side: a face's width and height in pixels; None accepts any.

    Returns:
        A model with the inputs and outputs of `model.networks.resnet.resnet`.
    """
    inputs = keras.Input((side, side, 1), name="face")
    x = rescale(inputs)
    for stage in range(4):
        for layer in range(2):
            name = f"stage{stage + 1}_{layer + 1}"
            x = layers.Conv2D(
                width * 2**stage,
                3,
                padding="same",
                use_bias=False,
                kernel_initializer="he_normal",
                name=f"{name}_conv",
            )(x)
            x = layers.BatchNormalization(momentum=0.9, name=f"{name}_norm")(x)
            x = layers.ReLU(name=f"{name}_relu")(x)
        if stage < 3:
            x = layers.MaxPooling2D(name=f"stage{stage + 1}_pool")(x)
    return add_heads(inputs, x, dropout, name=f"plain_cnn_w{width}")
