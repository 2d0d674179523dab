"""The training code runs on another of Keras's backends, and computes the same there."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest

from preprocessing.fer2013 import load
from tests.conftest import ROOT
from tests.train_resnet.conftest import SHORT
from train_resnet.__main__ import main
from train_resnet.run.architectures import ARCHITECTURES
from train_resnet.run.data import batches, examples
from train_resnet.run.network import build_network
from train_resnet.run.optimization import compile_network
from train_resnet.run.recipe import Recipe
from train_resnet.run.steps import steps_of

RECIPE = Recipe(arch="two-blocks", batch_size=32, kernel_rate=0.03, precision="float32")


def three_steps(data: Path, weights: Path) -> list[float]:
    """The losses of three steps on one batch from the same weights."""
    network = build_network(RECIPE)
    network.set_weights(keras.models.load_model(weights, compile=False).get_weights())
    compile_network(network, RECIPE, steps=1)
    training = examples(load(data, data.parent / "fer2013new.csv").split("Training"))
    batch = next(iter(batches(training, RECIPE, epoch=0)))
    steps = steps_of(network)
    return [float(steps.train_on_batch(batch)) for _ in range(3)]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("backends") / "first.keras"
    build_network(RECIPE).save(path)
    return path


@pytest.fixture(scope="module")
def on_jax(data_file: Path, weights: Path) -> tuple[Path, list[float]]:
    """A folder of an epoch that was trained on JAX, and the losses of three steps there."""
    output = weights.parent / "jax"
    done = subprocess.run(
        [sys.executable, "-m", __name__, data_file, weights, output],
        cwd=ROOT,
        # Without its optimizations, compiling takes half as long, and the steps are few.
        env={
            **os.environ,
            "KERAS_BACKEND": "jax",
            "XLA_FLAGS": "--xla_backend_optimization_level=0",
        },
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return output, json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
def test_train_runs_an_epoch_on_jax(on_jax: tuple[Path, list[float]]) -> None:
    output, _ = on_jax
    state = json.loads((output / "training.json").read_text())
    assert state["backend"] == "jax"
    assert len(state["history"]) == 1
    assert (output / "calibration.json").exists()


@pytest.mark.slow
def test_steps_have_the_same_losses_on_both_backends(
    on_jax: tuple[Path, list[float]], data_file: Path, weights: Path
) -> None:
    _, losses = on_jax
    assert keras.backend.backend() == "tensorflow"
    assert losses == pytest.approx(three_steps(data_file, weights), rel=1e-3)
    assert losses[0] != losses[2]


if __name__ == "__main__":
    data, first, folder = map(Path, sys.argv[1:])
    ARCHITECTURES.update(SHORT)
    command = f"train --data {data} --arch tiny --epochs 1 --batch-size 32"
    assert main([*command.split(), "--output", str(folder)]) == 0
    print(json.dumps(three_steps(data, first)))
