"""The residual networks for 48x48 grey faces."""

import keras
from keras import layers

from model.networks.heads import add_heads, rescale, standardise
from preprocessing.alignment import SIZE


def resnet(
    width: int,
    blocks: tuple[int, ...] = (2, 2, 2, 2),
    dropout: float = 0.2,
    standardised: bool = False,
    side: int | None = SIZE,
) -> keras.Model:
    """Builds a residual network of basic blocks for 48x48 faces.

    He et al., "Deep Residual Learning for Image Recognition" (CVPR 2016), with a 3x3 stem of stride
    1 and no pooling, so the first stage keeps all 48x48 positions. The two heads (see `add_heads`)
    share the trunk.

    Args:
        width: the channels of the first stage; each later stage doubles them and halves the resolution.
        blocks: the number of residual blocks in each stage; `(2, 2, 2, 2)` is ResNet-18, `(3, 4, 6, 3)` ResNet-34.
        dropout: the share of the last features dropped in training.
        standardised: whether to scale each face to mean 0 and standard deviation 1, which cancels
            light and contrast; otherwise grey levels are scaled to -1 to 1.
        side: a face's width and height in pixels; None accepts any, for runs that begin with smaller
            faces.

    Returns:
        A model from `(batch, 48, 48, 1)` grey levels of 0 to 255 to
        `{"fer_head": (batch, 7), "votes_head": (batch, 7)}` logits.

    Example:

    ```python
    network = resnet(width=16)
    logits = network.predict(crops[..., None])  # crops: (n, 48, 48) uint8
    ```
    """
    inputs = keras.Input((side, side, 1), name="face")
    x = standardise(inputs) if standardised else rescale(inputs)
    x = convolution(x, width, kernel=3, stride=1, name="stem")
    x = layers.ReLU(name="stem_relu")(x)
    for stage, depth in enumerate(blocks):
        for block in range(depth):
            stride = 2 if stage > 0 and block == 0 else 1
            name = f"stage{stage + 1}_block{block + 1}"
            x = basic_block(x, width * 2**stage, stride, name)
    return add_heads(inputs, x, dropout, name=f"resnet_{sum(blocks) * 2 + 2}_w{width}")


def convolution(
    x: keras.KerasTensor, filters: int, kernel: int, stride: int, name: str
) -> keras.KerasTensor:
    x = layers.Conv2D(
        filters,
        kernel,
        stride,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )(x)
    # Keras's default momentum of 0.99 lags behind for hundreds of steps; PyTorch uses 0.9.
    return layers.BatchNormalization(momentum=0.9, name=f"{name}_norm")(x)


def basic_block(x: keras.KerasTensor, filters: int, stride: int, name: str) -> keras.KerasTensor:
    shortcut = x
    x = convolution(x, filters, kernel=3, stride=stride, name=f"{name}_1")
    x = layers.ReLU(name=f"{name}_1_relu")(x)
    # The scale of this normalisation starts at one. Starting at zero is common for large batches, but
    # makes these short runs start too slowly (train_resnet/STUDY.md).
    x = convolution(x, filters, kernel=3, stride=1, name=f"{name}_2")
    if stride != 1 or shortcut.shape[-1] != filters:
        shortcut = convolution(shortcut, filters, kernel=1, stride=stride, name=f"{name}_shortcut")
    x = layers.Add(name=f"{name}_add")([shortcut, x])
    return layers.ReLU(name=f"{name}_relu")(x)
