import json
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from tests.train_resnet.conftest import with_lively_statistics
from train_resnet.begin.pretrained import begin_with
from train_resnet.run.architectures import build
from train_resnet.serve.export import golden_crops

_MEANS = np.array([103.939, 116.779, 123.68], np.float32)


@pytest.fixture(scope="module")
def recogniser() -> keras.Model:
    """Keras's own MobileNet, with weights as a recogniser might have learned them."""
    network = keras.applications.MobileNet((128, 128, 3), include_top=False, weights=None)
    return with_lively_statistics(network)


@pytest.fixture
def faceres(recogniser: keras.Model, tmp_path: Path) -> Path:
    """The recogniser as TensorFlow.js keeps it: normalisations folded, float16, one after another."""
    tensors: dict[str, np.ndarray] = {"age_pred/kernel": np.zeros((4, 2))}
    for layer in recogniser.layers:
        if not layer.name.startswith("conv") or not layer.name.endswith("_bn"):
            continue
        gamma, beta, mean, variance = layer.get_weights()
        factor = gamma / np.sqrt(variance + layer.epsilon)
        name = layer.name.removesuffix("_bn")
        [kernel] = recogniser.get_layer(name).get_weights()
        if "_dw_" in name:
            tensors[f"{name}/depthwise_kernel"] = kernel
            tensors[f"{name}_bn/batchnorm_1/mul"] = factor
        else:
            tensors[f"{name}/convolution/merged_input"] = kernel * factor
        tensors[f"{name}_bn/batchnorm_1/sub"] = beta - mean * factor
    weights = [
        {
            "name": name,
            "shape": list(values.shape),
            "dtype": "float32",
            "quantization": {"dtype": "float16", "original_dtype": "float32"},
        }
        for name, values in tensors.items()
    ]
    # What is not quantised, and no number of float16's size.
    weights.insert(1, {"name": "global_pooling/indices", "shape": [2], "dtype": "int32"})
    parts = [values.astype("<f2").tobytes() for values in tensors.values()]
    parts.insert(1, np.array([1, 2], "<i4").tobytes())
    content = {"weightsManifest": [{"paths": ["faceres.bin"], "weights": weights}]}
    (tmp_path / "faceres.bin").write_bytes(b"".join(parts))
    path = tmp_path / "faceres.json"
    path.write_text(json.dumps(content))
    return path


@pytest.mark.slow
def test_first_weights_see_what_the_recogniser_sees(recogniser: keras.Model, faceres: Path) -> None:
    network, crops = build("mobilenet-128", dropout=0.0), golden_crops()
    begin_with(network, str(faceres), crops)
    grey = crops[..., None].astype(np.float32)
    deviation = np.sqrt(grey.var((1, 2, 3), keepdims=True) + 1)
    standardised = (grey - grey.mean((1, 2, 3), keepdims=True)) / deviation
    large = ops.image.resize(standardised * 60 + _MEANS.mean(), (128, 128), "bilinear")
    colours = ops.repeat(large, 3, -1) - _MEANS
    for ours, theirs, tolerance in (
        ("stem_relu", "conv1_relu", 0.05),
        ("block4_relu", "conv_pw_4_relu", 0.02),
        ("block13_relu", "conv_pw_13_relu", 0.005),
    ):
        seen, expected = (
            keras.Model(model.input, model.get_layer(name).output).predict(faces, verbose=0)
            for model, name, faces in ((network, ours, grey), (recogniser, theirs, colours))
        )
        assert expected.std() > 0.2
        # At the borders the one pads with the mean of each colour, the other with their mean.
        np.testing.assert_allclose(seen[:, :-1, :-1], expected[:, :-1, :-1], atol=tolerance)


def test_first_weights_name_what_is_not_the_recogniser(faceres: Path) -> None:
    network, crops = build("mobilenet-128", dropout=0.0), golden_crops()
    weights = faceres.with_name("faceres.bin")
    content = weights.read_bytes()
    for damaged in (content[:100_000], b""):
        weights.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"faceres\.json cannot begin.*not the HSE recogniser"):
            begin_with(network, str(faceres), crops)
    weights.unlink()
    with pytest.raises(ValueError, match=r"not the HSE recogniser.*faceres\.bin"):
        begin_with(network, str(faceres), crops)
    for text in ("{", "{}", '{"weightsManifest": []}', '{"weightsManifest": [{"paths": []}]}'):
        faceres.write_text(text)
        with pytest.raises(ValueError, match="not the HSE recogniser"):
            begin_with(network, str(faceres), crops)


def test_first_weights_are_for_a_mobilenet_alone(faceres: Path) -> None:
    with pytest.raises(ValueError, match="its weights are for a mobilenet"):
        begin_with(build("tiny", dropout=0.0), str(faceres), golden_crops())
