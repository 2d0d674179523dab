"""The weights of the HSE face recogniser, from the file in which the npm package human ships them."""

import json
import re
from pathlib import Path

import keras
import numpy as np

# About the deviation of FER-2013's faces, in grey levels.
_DEVIATION = 60
# What is subtracted from blue, green and red before they are seen, as for Caffe's ImageNet networks.
_MEANS = np.array([103.939, 116.779, 123.68], np.float32)
# How the file names a layer's kernel, and the normalisation that was made a factor and a shift, of
# which the factor of those of all channels was already made part of the kernel.
_KERNEL = re.compile(r"(conv1|conv_pw_\d+)/convolution/merged_input")
_DEPTHWISE_KERNEL = re.compile(r"(conv_dw_\d+)/depthwise_kernel")
_FACTOR, _SHIFT = "{}_bn/batchnorm_1/mul", "{}_bn/batchnorm_1/sub"


def first_weights(network: keras.Model, path: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Kernels and biases for `model.networks.mobilenet.mobilenet` that see what the recogniser sees.

    The first convolution takes grey faces instead of colours, see `_for_grey_faces`. The heads keep
    their first weights: the recogniser has none.

    Args:
        network: of `mobilenet`.
        path: `faceres.json` of the npm package @vladmandic/human, with `faceres.bin` beside it.

    Returns:
        By the name of the convolution its kernel, `(height, width, channels, filters)`, and its bias,
        `(filters,)`, with the normalisation that follows it folded in.

    Raises:
        ValueError: another network, or the file is missing, damaged, or not this recogniser.
    """
    if not network.name.startswith("mobilenet"):
        raise ValueError("its weights are for a mobilenet")
    try:
        learnt = convolutions(path)
        learnt["stem_conv"] = _for_grey_faces(*learnt["stem_conv"])
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"it is not the HSE recogniser: {error}") from error
    heads = {
        layer.name: tuple(layer.get_weights())
        for layer in network.layers
        if layer.name.endswith("_maps")
    }
    return {**learnt, **heads}


def _for_grey_faces(kernel: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first convolution for grey faces of mean 0 and deviation 1.

    It answers such a face as the recogniser answers a photograph of the same face: the kernel adds up
    the three colours.

    Args:
        kernel: `(height, width, 3, filters)`.
        bias: `(filters,)`.

    Returns:
        A kernel, `(height, width, 1, filters)`, and a bias.
    """
    offset = _MEANS.mean() - _MEANS
    shift = (kernel.sum((0, 1)) * offset[:, None]).sum(0)
    return kernel.sum(2, keepdims=True) * _DEVIATION, bias + shift


def convolutions(path: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The recogniser's convolutions by the names that `mobilenet` gives them.

    Args:
        path: `faceres.json`: a TensorFlow.js graph, whose weights stand in the file beside it one
            after the other in float16.

    Returns:
        Pairs of a `(height, width, channels, filters)` kernel, of the convolutions of every channel by
        itself `(height, width, channels, 1)`, and a bias, float32.
    """
    tensors = _tensors(path)
    found = {}
    for name, values in tensors.items():
        if match := _KERNEL.fullmatch(name):
            layer = match[1]
            ours = (
                "stem_conv" if layer == "conv1" else f"block{layer.removeprefix('conv_pw_')}_conv"
            )
            found[ours] = values, tensors[_SHIFT.format(layer)]
        elif match := _DEPTHWISE_KERNEL.fullmatch(name):
            layer = match[1]
            factor = tensors[_FACTOR.format(layer)][:, None]
            ours = f"block{layer.removeprefix('conv_dw_')}_depthwise"
            found[ours] = values * factor, tensors[_SHIFT.format(layer)]
    return found


def _tensors(path: Path) -> dict[str, np.ndarray]:
    [group] = json.loads(path.read_text(encoding="utf-8"))["weightsManifest"]
    content = b"".join((path.parent / part).read_bytes() for part in group["paths"])
    position, tensors = 0, {}
    for entry in group["weights"]:
        kind = np.dtype(entry.get("quantization", entry)["dtype"]).newbyteorder("<")
        count = int(np.prod(entry["shape"], dtype=int))
        values = np.frombuffer(content, kind, count, position)
        tensors[entry["name"]] = values.astype(np.float32).reshape(entry["shape"])
        position += values.nbytes
    return tensors
