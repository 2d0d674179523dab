"""The Xception of the report that compares networks in batches of 785."""

import keras
from keras import layers

from model.networks.heads import one_head, rescale


def xception(dropout: float = 0.0, side: int | None = None) -> keras.Model:
    """Xception as published, on faces of 48 px in grey levels.

    Chollet, "Xception: Deep Learning with Depthwise Separable Convolutions" (CVPR 2017). The report
    says only "a depthwise-separable stack with residuals"; its batches of 785 suggest small images.

    Args:
        dropout: the share of the last features dropped in training.
        side: a face's width and height in pixels; None accepts any.

    Returns:
        A model as from `model.networks.heads.one_head`.
    """
    inputs = keras.Input((side, side, 1), name="face")
    trunk = keras.applications.Xception(
        include_top=False, weights=None, input_tensor=rescale(inputs), pooling="avg"
    )
    x = layers.Dropout(dropout, name="dropout")(trunk.output)  # (batch, 2048)
    return one_head(inputs, x, name="xception")
