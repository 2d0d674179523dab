"""The training code runs on another of Keras's backends, and computes the same there."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import keras
import pytest

from model.networks.resnet import resnet
from preprocessing.fer2013 import load
from tests.conftest import ROOT
from tests.train_resnet.conftest import tiny
from train_resnet.__main__ import main
from train_resnet.run.architectures import ARCHITECTURES
from train_resnet.run.data import batches, examples
from train_resnet.run.optimization import compile_network
from train_resnet.run.recipe import Recipe
from train_resnet.run.steps import steps_of

# All that a deeper one is made of, compiled in a third of the time: a block of each kind.
TWO_BLOCKS = partial(resnet, width=16, blocks=(1, 1))
RECIPE = Recipe(arch="two-blocks", batch_size=32, kernel_rate=0.03, precision="float32")


def three_steps(data: Path, weights: Path) -> list[float]:
    """The losses of three steps on one batch from the same weights."""
    network = RECIPE.build()
    network.set_weights(keras.models.load_model(weights, compile=False).get_weights())
    compile_network(network, RECIPE, steps=1)
    training = examples(load(data, data.parent / "fer2013new.csv").split("Training"))
    batch = next(iter(batches(training, RECIPE, epoch=0)))
    steps = steps_of(network, sharpness=0.0)
    return [float(steps.train_on_batch(batch)) for _ in range(3)]


@pytest.fixture(scope="module", autouse=True)
def two_blocks() -> Iterator[None]:
    """Lets the recipe name it."""
    ARCHITECTURES["two-blocks"] = TWO_BLOCKS
    yield
    del ARCHITECTURES["two-blocks"]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("backends") / "first.keras"
    RECIPE.build().save(path)
    return path


@pytest.fixture(scope="module")
def on_jax(data_file: Path, weights: Path) -> tuple[Path, list[float]]:
    """A folder of an epoch that was trained on JAX, and the losses of three steps there."""
    output = weights.parent / "jax"
    done = subprocess.run(
        [sys.executable, "-m", __name__, data_file, weights, output],
        cwd=ROOT,
        env={**os.environ, "KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return output, json.loads(done.stdout.splitlines()[-1])


def test_an_epoch_of_the_recipe_runs_on_jax(on_jax: tuple[Path, list[float]]) -> None:
    output, _ = on_jax
    state = json.loads((output / "training.json").read_text())
    assert state["backend"] == "jax"
    assert len(state["history"]) == 1
    assert (output / "calibration.json").exists()


def test_both_backends_compute_the_same_losses(
    on_jax: tuple[Path, list[float]], data_file: Path, weights: Path
) -> None:
    _, losses = on_jax
    assert keras.backend.backend() == "tensorflow"
    assert losses == pytest.approx(three_steps(data_file, weights), rel=1e-3)
    assert losses[0] != losses[2]


if __name__ == "__main__":
    data, first, folder = map(Path, sys.argv[1:])
    ARCHITECTURES.update({"tiny": tiny, "two-blocks": TWO_BLOCKS})
    command = f"train --data {data} --arch tiny --epochs 1 --batch-size 32"
    assert main([*command.split(), "--output", str(folder)]) == 0
    print(json.dumps(three_steps(data, first)))
