import keras
import pytest

from tests.model.networks.test_reports import PARAMETERS
from train_resnet.run.architectures import ARCHITECTURES, build, multiply_adds


@pytest.mark.slow
@pytest.mark.parametrize("arch", [name for name in ARCHITECTURES if name not in PARAMETERS])
def test_build_gives_every_network_of_this_project_both_heads(arch: str) -> None:
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
