from dataclasses import replace

import keras
import numpy as np
import pytest

from model.classifier import load
from model.networks.heads import with_maps
from model.networks.side_by_side import side_by_side
from tests.train_resnet.conftest import with_lively_statistics
from train_resnet.measure.networks import keras_logits
from train_resnet.run.architectures import build
from train_resnet.serve.export import golden_crops
from train_resnet.serve.join import join


def test_side_by_side_answers_with_the_mean() -> None:
    networks = []
    for seed in range(2):
        keras.utils.set_random_seed(seed)
        networks.append(with_lively_statistics(build("tiny", dropout=0.2)))
    crops = golden_crops()
    each = [keras_logits(with_maps(n), crops, mirrored_view=False) for n in networks]
    assert np.abs(each[0].fer_head - each[1].fer_head).max() > 0.1
    for weights in (None, [1, 2]):
        joined = with_maps(side_by_side(networks, weights))
        seen = keras_logits(joined, crops, mirrored_view=False)
        for output in ("fer_head", "votes_head", "fer_maps", "votes_maps"):
            outputs = [getattr(logits, output) for logits in each]
            expected = np.average(outputs, axis=0, weights=weights)
            np.testing.assert_allclose(getattr(seen, output), expected, atol=1e-4)


@pytest.mark.slow
def test_side_by_side_averages_maps_of_different_sizes_to_the_same_means() -> None:
    networks = [
        with_lively_statistics(build(name, dropout=0.2))
        for name in ("two-blocks", "short-mobilenet")
    ]
    crops = golden_crops()
    each = [keras_logits(with_maps(n), crops, mirrored_view=False) for n in networks]
    assert [logits.fer_maps.shape[1] for logits in each] == [24, 16]
    seen = keras_logits(with_maps(side_by_side(networks)), crops, mirrored_view=False)
    assert seen.votes_maps.shape[1:3] == (48, 48)
    np.testing.assert_allclose(seen.votes_maps.mean((1, 2)), seen.votes_head, atol=1e-4)
    expected = (each[0].votes_head + each[1].votes_head) / 2
    np.testing.assert_allclose(seen.votes_head, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("models", [["resnet"], ["resnet:2", "resnet:1", "resnet:2"]])
def test_join_takes_the_served_networks_apart_and_together(models: list[str]) -> None:
    crops = golden_crops()
    network, members = join(models, crops)
    expected = load("resnet").members
    assert members == (expected if len(models) == 1 else expected[::-1])
    seen = keras_logits(with_maps(network), crops, mirrored_view=False)
    served = replace(load("resnet"), mirrored_view=False).logits(crops)
    # Keras computes with the kernels of eight bits, LiteRT with faces of eight bits as well.
    np.testing.assert_allclose(seen.fer_head, served.fer_head, atol=0.1)
    np.testing.assert_allclose(seen.votes_head, served.votes_head, atol=0.1)
