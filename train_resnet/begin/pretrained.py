"""Trained weights to begin a run with: of a run's checkpoint, of what is served, or of a recogniser."""

from pathlib import Path
from typing import Any

import keras
import numpy as np

from train_resnet.begin import hse_weights

# How LiteRT names a layer's kernel, that of every channel by itself after the factor of its
# normalisation, and the bias that its normalisation became a part of.
_KERNELS = ("_1/convolution", "_norm_1/batchnorm/mul")
_BIAS, _FOLDED_BIAS = "_1/Squeeze", "_1/batchnorm/sub"
_DEPTHWISE = "_depthwise"
_CONVOLUTIONS = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)
# Enough faces for the mean and deviation of every channel over all positions.
_SAMPLE = 512


def begin_with(network: keras.Model, model: str, crops: np.ndarray, trunk: int = 1) -> None:
    """Gives a network the weights of a trained one of the same architecture.

    The kernels of a `.tflite` file and of the face recogniser have their normalisations folded in.
    They are unfolded: every filter gets the length that fresh filters have, and its channel's mean and
    deviation over the faces become the normalisation's statistics. The network then answers as the
    file does, and training goes on from there.

    Args:
        network: of `train_resnet.run.architectures.build`.
        model: name of weights, `.tflite` or `.keras` file, or the `.json` file of the HSE recogniser,
            which begins a mobilenet.
        crops: `(n, 48, 48)` uint8, some of the faces that it will learn from.
        trunk: which network of a `.tflite` file that holds several side by side, counted from 1.

    Raises:
        ValueError: the file cannot be read, or holds a network of another architecture.
    """
    try:
        if model.endswith(".keras"):
            trained = keras.models.load_model(model, compile=False)
            network.set_weights(trained.get_weights())
        elif model.endswith(".json"):
            _unfold(network, hse_weights.first_weights(network, Path(model)), crops[:_SAMPLE])
        else:
            # Not above: LiteRT may be missing where a run goes on from a `.keras` file.
            from model.classifier import load

            served = load(model)
            prefix = f"trunk{trunk}_" if len(served.members) > 1 else ""
            _unfold(network, _tensors(served.content, prefix), crops[:_SAMPLE])
    except (KeyError, OSError, TypeError, ValueError) as error:
        raise ValueError(f"{model} cannot begin a {network.name} ({error}).") from error


def _unfold(
    network: keras.Model, served: dict[str, tuple[np.ndarray, np.ndarray]], crops: np.ndarray
) -> None:
    convolutions = [each for each in network.layers if isinstance(each, _CONVOLUTIONS)]
    missing = [layer.name for layer in convolutions if layer.name not in served]
    if missing:
        raise ValueError(f"it has no {', '.join(missing)}")
    normalised = []
    for layer in convolutions:
        kernel, bias = served[layer.name]
        if layer.use_bias:
            layer.set_weights([kernel, bias])
            continue
        layer.set_weights([kernel])
        norm = network.get_layer(layer.name.removesuffix("_conv") + "_norm")
        still = np.ones_like(bias), bias, np.zeros_like(bias), np.ones_like(bias) - norm.epsilon
        norm.set_weights(still)
        normalised.append((layer, norm, kernel, bias))
    see = keras.Model(network.input, [layer.output for layer, *_ in normalised])
    seen = see(crops[..., None].astype(np.float32), training=False)
    for (layer, norm, kernel, bias), channels in zip(normalised, seen, strict=True):
        values = keras.ops.convert_to_numpy(keras.ops.cast(channels, "float32"))
        # Of a convolution of every channel by itself a filter is a channel.
        channels_last = kernel.reshape(-1, len(bias))
        length = np.sqrt(np.square(channels_last).sum(0))
        # He's initialisation makes filters of this length; one that died stays as it is.
        scale = np.where(length > 1e-6, np.sqrt(2) / np.maximum(length, 1e-6), 1)
        mean, variance = values.mean((0, 1, 2)), values.var((0, 1, 2))
        layer.set_weights([(channels_last * scale).reshape(kernel.shape)])
        deviation = np.sqrt(variance * scale**2 + norm.epsilon)
        norm.set_weights([deviation / scale, bias + mean, mean * scale, variance * scale**2])


def _tensors(content: bytes, prefix: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Kernels, `(height, width, channels, filters)`, and biases of a LiteRT file.

    By the last part of the convolutions' names, without their prefix.
    """
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content)
    kernels: dict[str, np.ndarray] = {}
    biases: dict[str, np.ndarray] = {}
    folded: dict[str, np.ndarray] = {}
    found = {**dict.fromkeys(_KERNELS, kernels), _BIAS: biases, _FOLDED_BIAS: folded}
    for detail in interpreter.get_tensor_details():
        name = detail["name"]
        for ending, tensors in found.items():
            layer = name.removesuffix(ending).rsplit("/", 1)[-1]
            if name.endswith(ending) and layer.startswith(prefix):
                values = interpreter.get_tensor(detail["index"])
                scales = detail["quantization_parameters"]
                tensors[layer.removeprefix(prefix)] = _dequantised(values, scales)
    for norm, bias in folded.items():
        layer = norm.removesuffix("_norm")
        biases[layer if layer.endswith(_DEPTHWISE) else f"{layer}_conv"] = bias
    return {
        layer: (kernel.transpose(1, 2, 3, 0), biases[layer]) for layer, kernel in kernels.items()
    }


def _dequantised(values: np.ndarray, quantisation: dict[str, Any]) -> np.ndarray:
    """Eight-bit values times the scale of each filter; those that are not quantised as they are."""
    scales, axis = quantisation["scales"], quantisation["quantized_dimension"]
    if not len(scales):
        return values
    shape = [-1 if dimension == axis else 1 for dimension in range(values.ndim)]
    dequantised: np.ndarray = values.astype(np.float32) * scales.reshape(shape)
    return dequantised
