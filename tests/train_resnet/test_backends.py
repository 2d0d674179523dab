"""The training code runs on another of Keras's backends, and computes the same there."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

# Three steps on one batch from the same weights, in float32.
_STEPS = """
import json, sys
from pathlib import Path
import keras
from preprocessing.fer2013 import load
from train_resnet.config import Recipe
from train_resnet.dataset import batches, examples
from train_resnet.training import compile_network

data, checkpoint = Path(sys.argv[1]), sys.argv[2]
recipe = Recipe(arch="resnet18-w16", batch_size=32, kernel_rate=0.03, precision="float32")
network = recipe.build()
network.set_weights(keras.models.load_model(checkpoint, compile=False).get_weights())
compile_network(network, recipe, steps=1)
training = examples(load(data, data.parent / "fer2013new.csv").split("Training"))
batch, losses = next(iter(batches(training, recipe, epoch=0))), []
for _ in range(3):
    logs = network.train_on_batch(
        batch.faces, batch.targets, sample_weight=batch.weights, return_dict=True
    )
    network.reset_metrics()
    losses.append(float(logs["loss"]))
print(json.dumps([keras.backend.backend(), losses]))
"""


def run(backend: str, *arguments: str | Path) -> str:
    environment = {**os.environ, "KERAS_BACKEND": backend}
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def trained_on_jax(data_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An epoch of the recipe's command, with a batch that suits the made-up dataset."""
    output = tmp_path_factory.mktemp("jax")
    command = f"-m train_resnet train --data {data_file} --arch resnet18-w16 --epochs 1"
    command += " --batch-size 32 --kernel-rate 0.03"
    run("jax", *command.split(), "--output", output)
    return output


def test_an_epoch_of_the_recipe_runs_on_jax(trained_on_jax: Path) -> None:
    state = json.loads((trained_on_jax / "training.json").read_text())
    assert state["backend"] == "jax"
    assert len(state["history"]) == 1
    assert (trained_on_jax / "calibration.json").exists()


def test_both_backends_compute_the_same_losses(trained_on_jax: Path, data_file: Path) -> None:
    losses = {}
    for backend in ("jax", "tensorflow"):
        printed = run(backend, "-c", _STEPS, data_file, trained_on_jax / "best.keras")
        name, losses[backend] = json.loads(printed.splitlines()[-1])
        assert name == backend
    assert losses["jax"] == pytest.approx(losses["tensorflow"], rel=1e-3)
    assert losses["jax"][0] != losses["jax"][2]
