from pathlib import Path

import numpy as np
import pytest

from model.classifier import load
from model.mixture import Mixture
from tests.train_resnet.conftest import with_lively_statistics
from train_resnet.measure.networks import keras_logits, load_network
from train_resnet.run.architectures import build
from train_resnet.serve.export import Weights, golden_crops, normalisation, to_litert


@pytest.mark.slow
@pytest.mark.parametrize(
    "arch",
    # They have all kinds of layers; the shipped weights below are networks of full depth.
    ["two-blocks", "short-mobilenet", "plain-cnn-w32"],
)
def test_to_litert_agrees_with_keras_on_real_crops(arch: str, tmp_path: Path) -> None:
    with_lively_statistics(build(arch, dropout=0.2)).save(tmp_path / "best.keras")
    network = load_network(tmp_path / "best.keras")
    path = Weights(
        name="toy",
        version="1",
        content=to_litert(network),
        normalisation=normalisation(network),
        mixture=Mixture(0.5),
        uncertain_below=0.5,
        mirrored_view=True,
        training={},
        golden={},
    ).write(tmp_path)
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


def test_normalisation_of_a_standardised_network_undoes_light_and_contrast() -> None:
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


def test_golden_logits_are_those_of_the_shipped_weights() -> None:
    classifier = load()
    one_view = classifier._network(golden_crops())
    golden = classifier.info["golden_logits"]
    # Keras computed in float32, LiteRT computes with eight bits: of the widest logits, from -3 to 4,
    # the rounded kernels of a MobileNet change one by up to 0.25.
    np.testing.assert_allclose(one_view.fer_head, golden["fer_head"], atol=0.3)
    np.testing.assert_allclose(one_view.votes_head, golden["votes_head"], atol=0.3)
