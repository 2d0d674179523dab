"""The Xception of the report that compares networks in batches of 785."""

import keras
from keras import layers

from model.networks.heads import one_head, rescale


def xception(dropout: float = 0.0, side: int | None = None) -> keras.Model:
    """Xception as published, on faces of 48 px in grey levels.

    Chollet, "Xception: Deep Learning with Depthwise Separable Convolutions" (CVPR 2017). The report
    says no more than "a depthwise-separable stack with residuals"; batches of 785 say that its
    images were small.

    Args:
        dropout: share of the last features dropped while training.
        side: a face's width and height in pixels; None takes any.

    Returns:
        A model as `model.networks.heads.one_head` gives it.
    """
    inputs = keras.Input((side, side, 1), name="face")
    trunk = keras.applications.Xception(
        include_top=False, weights=None, input_tensor=rescale(inputs), pooling="avg"
    )
    x = layers.Dropout(dropout, name="dropout")(trunk.output)  # (batch, 2048)
    return one_head(inputs, x, name="xception")
