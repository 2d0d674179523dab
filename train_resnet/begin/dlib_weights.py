"""The weights of dlib's face recognition, from the file that its package of models ships."""

import re

import keras
import numpy as np

from model.networks.resnet import DLIB_RESNET
from preprocessing.faces import dlib_model
from train_resnet.begin.grey import first_convolution

_LAYERS = 29
# How the file names these layers: how many bytes a string's length takes, the length, the string.
_CONVOLUTION, _AFFINE = b"\x01\x05con_4", b"\x01\x07affine_"
# What dlib subtracts from red, green and blue before it divides them by 256 (its input_rgb_image).
_MEANS, _SCALE = np.array([122.782, 117.001, 104.298], np.float32), 256
# What the blocks add up is made smaller, to about what a network learns from the start: heads that
# are new learn from it at rates for such networks.
_SHRINK = np.float32(0.3)


def first_weights(network: keras.Model) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Kernels and biases for `model.networks.resnet.dlib_resnet` that see what dlib's recogniser sees.

    The first convolution is that of `grey.first_convolution`. A shortcut's kernels hand on the
    channels there are. The heads keep their first weights, for the recogniser has none.

    Args:
        network: of `dlib_resnet`.

    Returns:
        By the name of the convolution its kernel, `(height, width, channels, filters)`, and its bias,
        `(filters,)`, with the normalisation that follows it folded in.

    Raises:
        ValueError: another network, or the file is missing, or is not this recogniser.
    """
    if network.name != DLIB_RESNET:
        raise ValueError("its weights are for a dlib-resnet")
    learnt = convolutions()
    learnt[0] = first_convolution(*learnt[0], _MEANS, _SCALE)
    # A block's first convolution enlarges again what its second makes smaller.
    learnt = [
        (kernel / _SHRINK, bias) if index % 2 else (kernel * _SHRINK, bias * _SHRINK)
        for index, (kernel, bias) in enumerate(learnt)
    ]
    remaining, weights = iter(learnt), {}
    for layer in network.layers:
        if not isinstance(layer, keras.layers.Conv2D):
            continue
        if layer.use_bias:
            weights[layer.name] = tuple(layer.get_weights())
        elif layer.name.endswith("_shortcut_conv"):
            handed_on = np.eye(layer.input.shape[-1], layer.filters, dtype=np.float32)
            weights[layer.name] = handed_on[None, None], np.zeros(layer.filters, np.float32)
        else:
            weights[layer.name] = next(remaining)
    return weights


def convolutions() -> list[tuple[np.ndarray, np.ndarray]]:
    """The recogniser's convolutions from the input on, what follows each of them folded in.

    dlib writes a network from its input to its output: of a convolution all kernels and then all
    biases as one tensor, of the normalisation that follows, which is fixed after training, all
    factors and then all shifts. The matrix after the last is left out.

    Returns:
        29 pairs of a `(height, width, channels, filters)` kernel and a `(filters,)` bias, float32.

    Raises:
        ValueError: the file is missing, or is not this recogniser.
    """
    path = dlib_model("dlib_face_recognition_resnet_model_v1.dat")
    try:
        content = path.read_bytes()
        kernels, affines = (
            [_tensor(content, name.end()) for name in re.finditer(layer, content)]
            for layer in (_CONVOLUTION, _AFFINE)
        )
        if len(kernels) != _LAYERS:
            raise ValueError(f"{len(kernels)} convolutions")
        return [_folded(*pair) for pair in zip(kernels, affines, strict=True)]
    except (OSError, IndexError, ValueError) as error:
        raise ValueError(f"{path} is not dlib's recogniser ({error})") from error


def _folded(values: np.ndarray, affine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    factor, shift = np.split(affine, 2)
    filters = len(factor)
    kernels, bias = np.split(values, [-filters])
    # Only the first sees three channels, with a window of 7x7.
    window = 7 if kernels.size == filters * 3 * 7 * 7 else 3
    kernels = kernels.reshape(filters, -1, window, window).transpose(2, 3, 1, 0)
    return kernels * factor, bias * factor + shift


def _tensor(content: bytes, position: int) -> np.ndarray:
    """The float32 values of a tensor: its version, its four sizes, and then they."""
    numbers = []
    for _ in range(5):
        # An integer is how many bytes it takes, and then they.
        end = position + 1 + content[position]
        numbers.append(int.from_bytes(content[position + 1 : end], "little"))
        position = end
    return np.frombuffer(content, "<f4", int(np.prod(numbers[1:])), position)
