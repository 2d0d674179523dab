from pathlib import Path

import keras
import numpy as np
import pytest

from model.classifier import load
from model.mixture import Mixture
from tests.model.networks.test_reports import PARAMETERS
from tests.train_resnet.conftest import with_lively_statistics
from train_resnet.run.architectures import ARCHITECTURES, build, multiply_adds
from train_resnet.serve.export import (
    golden_crops,
    keras_logits,
    load_network,
    normalisation,
    to_litert,
    write_weights,
)


@pytest.mark.parametrize(
    "arch",
    # The first stands for the same without its standardisation too.
    ["resnet18-w16-std", "mobilenet-128", "plain-cnn-w32"],
)
def test_litert_and_keras_agree_on_real_crops(arch: str, tmp_path: Path) -> None:
    with_lively_statistics(build(arch, dropout=0.2)).save(tmp_path / "best.keras")
    network = load_network(tmp_path / "best.keras")
    path = write_weights(
        "toy",
        "1",
        to_litert(network),
        normalisation(network),
        Mixture(0.5),
        0.5,
        True,
        {},
        {},
        folder=tmp_path,
    )
    classifier = load(path)
    crops = golden_crops()
    seen, expected = classifier.logits(crops), keras_logits(network, crops, mirrored_view=True)
    assert expected.fer_head.std() > 1e-3
    for head in ("fer_head", "votes_head", "fer_maps", "votes_maps"):
        scale = max(1, float(np.abs(getattr(expected, head)).max()))
        # Eight bits are 256 steps of what an image's largest value is.
        np.testing.assert_allclose(
            getattr(seen, head) / scale, getattr(expected, head) / scale, atol=0.05
        )


def test_light_and_contrast_change_no_answer_of_a_standardised_network() -> None:
    crop = golden_crops()[:1, ..., None].astype(np.float32)
    poor = 90 + (crop - crop.mean()) * 0.3
    for arch, same in (("resnet18-w16", False), ("resnet18-w16-std", True)):
        network = with_lively_statistics(build(arch, dropout=0.0))
        formula = "mean(x)" if same else "x / 127.5 - 1"
        assert formula in normalisation(network)
        expected, seen = (network.predict(x, verbose=0)["votes_head"] for x in (crop, poor))
        assert np.allclose(seen, expected, rtol=0.02, atol=0.02 * expected.std()) == same
    blank = network.predict(np.zeros((1, 48, 48, 1), np.float32), verbose=0)
    assert np.isfinite(blank["votes_head"]).all()


def test_the_shipped_weights_say_what_keras_said_at_export() -> None:
    classifier = load()
    one_view = classifier._network(golden_crops())
    golden = classifier.info["golden_logits"]
    # Keras computed in float32, LiteRT computes with eight bits: of the widest logits, from -3 to 4,
    # the rounded kernels of a MobileNet change one by up to 0.25.
    np.testing.assert_allclose(one_view.fer_head, golden["fer_head"], atol=0.3)
    np.testing.assert_allclose(one_view.votes_head, golden["votes_head"], atol=0.3)


def test_mixed_precision_is_exported_in_float32(tmp_path: Path) -> None:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        trained = build("mini-xception", dropout=0.0)
    finally:
        keras.config.set_dtype_policy(before)
    trained.save(tmp_path / "best.keras")
    network = load_network(tmp_path / "best.keras")
    assert {layer.compute_dtype for layer in network.layers} == {"float32"}
    for weight, original in zip(network.get_weights(), trained.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, original)


def test_a_file_that_is_no_network_is_named(tmp_path: Path) -> None:
    path = tmp_path / "best.keras"
    path.write_bytes(b"not a network")
    with pytest.raises(ValueError, match=r"best\.keras is no network"):
        load_network(path)
    with pytest.raises(ValueError, match=r"none\.keras is no network"):
        load_network(tmp_path / "none.keras")


@pytest.mark.parametrize("arch", [name for name in ARCHITECTURES if name not in PARAMETERS])
def test_every_architecture_of_this_project_has_both_heads(arch: str) -> None:
    network = build(arch, dropout=0.2)
    assert {name: output.shape for name, output in network.output.items()} == {
        "fer_head": (None, 7),
        "votes_head": (None, 7),
    }


def test_multiply_adds_are_those_of_a_known_network() -> None:
    x = keras.Input((8, 8, 3))
    y = keras.layers.Conv2D(4, 3, padding="same")(x)
    y = keras.layers.SeparableConv2D(5, 3, 2, padding="same")(y)
    expected = 64 * 9 * 3 * 4 + 16 * 4 * (9 + 5)
    assert multiply_adds(keras.Model(x, y)) == expected
    # Facts of the width-32 network: 2.8 million parameters, about 320 million multiply-adds.
    network = build("resnet18-w32", dropout=0.0)
    assert network.count_params() == pytest.approx(2.8e6, rel=0.02)
    assert multiply_adds(network) == pytest.approx(320e6, rel=0.05)
