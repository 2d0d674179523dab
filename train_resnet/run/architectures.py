"""The networks that can be trained, by name, and what each costs."""

from collections.abc import Callable
from functools import partial
from math import prod

import keras
from keras import layers

from model.networks.cnn_2x100 import cnn_2x100
from model.networks.cnn_4conv import cnn_4conv
from model.networks.cnn_rmsprop import cnn_rmsprop
from model.networks.cnn_shallow import cnn_shallow, cnn_wide
from model.networks.dcnn import dcnn
from model.networks.deepface import deepface_emotion
from model.networks.dexpression import dexpression
from model.networks.mini_xception import mini_xception
from model.networks.mobilenet import mobilenet
from model.networks.plain import plain_cnn
from model.networks.resnet import resnet
from model.networks.resnet34 import resnet34
from model.networks.resnet50 import resnet50
from model.networks.xception import xception
from preprocessing.alignment import SIZE

ARCHITECTURES: dict[str, Callable[..., keras.Model]] = {
    "resnet18-w16": partial(resnet, width=16),
    "resnet18-w24": partial(resnet, width=24),
    "resnet18-w32": partial(resnet, width=32),
    "resnet18-w16-std": partial(resnet, width=16, standardised=True),
    "resnet18-w32-std": partial(resnet, width=32, standardised=True),
    "resnet18-w64-std": partial(resnet, width=64, standardised=True),
    "resnet34-w16": partial(resnet, width=16, blocks=(3, 4, 6, 3)),
    "resnet34-w32": partial(resnet, width=32, blocks=(3, 4, 6, 3)),
    "mobilenet-128": partial(mobilenet, enlarged=128),
    "mobilenet-160": partial(mobilenet, enlarged=160),
    "plain-cnn-w32": partial(plain_cnn, width=32),
    "mini-xception-two-heads": partial(mini_xception, two_heads=True),
    # These come from the reports that this project grew out of, see model/BASELINES.md.
    "cnn-2x100": cnn_2x100,
    "resnet34": resnet34,
    "cnn-shallow": cnn_shallow,
    "cnn-wide": cnn_wide,
    "mini-xception": mini_xception,
    "xception": xception,
    "dexpression": dexpression,
    "cnn-rmsprop": cnn_rmsprop,
    "resnet50": resnet50,
    "dcnn": dcnn,
    "cnn-4conv": cnn_4conv,
    "deepface-emotion": deepface_emotion,
}

_CONVOLUTIONS = (layers.Conv2D, layers.SeparableConv2D, layers.DepthwiseConv2D)


def build(name: str, dropout: float, side: int | None = SIZE) -> keras.Model:
    """Builds an untrained network in Keras's current precision.

    Args:
        name: a key of `ARCHITECTURES`.
        dropout: the share of the last features dropped in training.
        side: a face's side in pixels; None accepts any.

    Raises:
        ValueError: the name is unknown.
    """
    if name not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        raise ValueError(f"An architecture is one of {known}. Received: {name!r}")
    return ARCHITECTURES[name](dropout=dropout, side=side)


def multiply_adds(network: keras.Model) -> int:
    """Counts the multiply-adds of the convolutions and dense layers for one face."""
    total = 0
    for layer in network.layers:
        if isinstance(layer, layers.Dense):
            total += prod(layer.input.shape[1:]) * layer.units
        if not isinstance(layer, _CONVOLUTIONS):
            continue
        positions = prod(layer.output.shape[1:3])
        window = prod(layer.kernel_size)
        channels, filters = layer.input.shape[-1], layer.output.shape[-1]
        if isinstance(layer, layers.DepthwiseConv2D):
            total += positions * channels * window
        elif isinstance(layer, layers.SeparableConv2D):
            total += positions * channels * (window + filters)
        else:
            total += positions * channels * window * filters
    return total
