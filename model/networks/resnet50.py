"""The ResNet-50 of the report that compares networks in batches of 785."""

import keras

from model.networks.heads import one_head_on_application


def resnet50(dropout: float = 0.0, side: int | None = None) -> keras.Model:
    """ResNet-50 as published, on faces of 48 px in grey levels.

    He et al., "Deep Residual Learning for Image Recognition" (CVPR 2016). The report does not
    describe its input; its batches of 785 suggest small images.

    Args:
        dropout: the share of the last features dropped in training.
        side: a face's width and height in pixels; None accepts any.

    Returns:
        A model as from `model.networks.heads.one_head`.
    """
    return one_head_on_application(keras.applications.ResNet50, "resnet50", dropout, side)
