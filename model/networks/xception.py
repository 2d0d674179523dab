"""The Xception of the report that compares networks in batches of 785."""

import keras

from model.networks.heads import one_head_on_application


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
    return one_head_on_application(keras.applications.Xception, "xception", dropout, side)
