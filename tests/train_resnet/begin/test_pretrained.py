from pathlib import Path

import keras
import numpy as np
import pytest

from model.classifier import load
from model.mixture import Mixture
from model.networks.heads import with_maps
from tests.train_resnet.conftest import with_lively_statistics
from train_resnet.begin.pretrained import begin_with
from train_resnet.run.architectures import build
from train_resnet.serve.export import Weights, golden_crops, to_litert


@pytest.fixture(scope="module")
def crops() -> np.ndarray:
    return golden_crops()


@pytest.fixture(scope="module")
def begun(crops: np.ndarray) -> keras.Model:
    """An untrained network that was given the first of those that are served."""
    keras.utils.set_random_seed(1)
    [first, *_] = load("resnet").info["training"]["members"]
    network = build(first["recipe"]["arch"], dropout=0.0)
    begin_with(network, "resnet", crops)
    return network


def answers(network: keras.Model, crops: np.ndarray, training: bool) -> dict[str, np.ndarray]:
    seen = network(crops[..., None].astype(np.float32), training=training)
    return {head: np.asarray(logits) for head, logits in seen.items()}


@pytest.mark.slow
@pytest.mark.parametrize("arch", ["two-blocks", "short-mobilenet"])
def test_begin_with_served_weights_answers_as_they_do(
    arch: str, crops: np.ndarray, tmp_path: Path
) -> None:
    """Networks of the same architecture that are served alone."""
    trained = with_lively_statistics(build(arch, dropout=0.0, side=48))
    path = Weights(
        name="toy",
        version="1",
        content=to_litert(with_maps(trained)),
        normalisation="",
        mixture=Mixture(0.5),
        uncertain_below=0.5,
        mirrored_view=False,
        training={"members": [{}]},
        golden={},
    ).write(tmp_path)
    network = build(arch, dropout=0.0)
    begin_with(network, str(path), crops)
    expected = answers(trained, crops, training=False)
    for head, logits in answers(network, crops, training=False).items():
        # The kernels are those of eight bits.
        scale = np.abs(expected[head]).max()
        np.testing.assert_allclose(logits / scale, expected[head] / scale, atol=0.03)


def test_begin_with_served_weights_normalises_its_faces_to_themselves(
    begun: keras.Model, crops: np.ndarray
) -> None:
    # With the statistics of the batch, which are those it was given.
    before = answers(begun, crops, training=False)
    weights = begun.get_weights()
    found = answers(begun, crops, training=True)
    begun.set_weights(weights)
    for head, logits in found.items():
        np.testing.assert_allclose(logits, before[head], atol=2e-2)


def test_begin_with_served_weights_gives_filters_the_length_of_fresh_ones(
    begun: keras.Model,
) -> None:
    fresh = build("resnet18-w32-std", dropout=0.0)
    name = "stage3_block1_2_conv"
    lengths = [
        np.linalg.norm(each.get_layer(name).get_weights()[0].reshape(-1, 128), axis=0)
        for each in (begun, fresh)
    ]
    np.testing.assert_allclose(lengths[0], np.sqrt(2), rtol=1e-5)
    assert lengths[1].mean() == pytest.approx(np.sqrt(2), rel=0.05)


def test_begin_with_a_checkpoint_takes_its_very_weights(tmp_path: Path) -> None:
    keras.utils.set_random_seed(2)
    trained = build("tiny", dropout=0.0)
    trained.save(tmp_path / "best.keras")
    network = build("tiny", dropout=0.0)
    begin_with(network, str(tmp_path / "best.keras"), np.zeros((1, 48, 48), np.uint8))
    for found, expected in zip(network.get_weights(), trained.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_begin_with_names_what_cannot_begin_a_network(tmp_path: Path) -> None:
    network, crops = build("tiny", dropout=0.0), np.zeros((1, 48, 48), np.uint8)
    with pytest.raises(ValueError, match=r"resnet cannot begin a tiny \(it has no conv2d"):
        begin_with(network, "resnet", crops)
    with pytest.raises(ValueError, match="There are no weights 'nosuch'"):
        begin_with(network, "nosuch", crops)
    damaged = tmp_path / "best.keras"
    damaged.write_bytes(b"no archive")
    with pytest.raises(ValueError, match=r"best\.keras cannot begin a tiny"):
        begin_with(network, str(damaged), crops)
    build("mini-xception", dropout=0.0).save(damaged)
    with pytest.raises(ValueError, match=r"best\.keras cannot begin a tiny"):
        begin_with(network, str(damaged), crops)
