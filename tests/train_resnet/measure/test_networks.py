from pathlib import Path

import keras
import numpy as np
import pytest

from train_resnet.measure.networks import load_network
from train_resnet.run.architectures import build


def test_load_network_turns_mixed_precision_into_float32(tmp_path: Path) -> None:
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


def test_load_network_names_a_file_that_is_no_network(tmp_path: Path) -> None:
    path = tmp_path / "best.keras"
    path.write_bytes(b"not a network")
    with pytest.raises(ValueError, match=r"best\.keras is no network"):
        load_network(path)
    with pytest.raises(ValueError, match=r"none\.keras is no network"):
        load_network(tmp_path / "none.keras")
