"""The training code runs on another of Keras's backends, and computes the same there."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

# Three steps on one batch from the same weights, which the first to run draws, in float32.
_STEPS = """
import json, sys
from pathlib import Path
import keras
from preprocessing.fer2013 import load
from train_resnet.config import Recipe
from train_resnet.dataset import batches, examples
from train_resnet.steps import steps_of
from train_resnet.training import compile_network

data, checkpoint = Path(sys.argv[1]), Path(sys.argv[2])
recipe = Recipe(arch="resnet18-w16", batch_size=32, kernel_rate=0.03, precision="float32")
network = recipe.build()
if not checkpoint.exists():
    network.save(checkpoint)
network.set_weights(keras.models.load_model(checkpoint, compile=False).get_weights())
compile_network(network, recipe, steps=1)
training = examples(load(data, data.parent / "fer2013new.csv").split("Training"))
batch, losses = next(iter(batches(training, recipe, epoch=0))), []
steps = steps_of(network, sharpness=0.0)
for _ in range(3):
    losses.append(float(steps.train_on_batch(batch)))
print(json.dumps([keras.backend.backend(), losses]))
"""


def run(backend: str, *arguments: str | Path) -> str:
    environment = {**os.environ, "KERAS_BACKEND": backend}
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_epoch_of_the_recipe_runs_on_jax(data_file: Path, tmp_path: Path) -> None:
    command = f"-m train_resnet train --data {data_file} --arch plain-cnn-w32 --epochs 1"
    command += " --batch-size 32 --kernel-rate 0.03"
    run("jax", *command.split(), "--output", tmp_path)
    state = json.loads((tmp_path / "training.json").read_text())
    assert state["backend"] == "jax"
    assert len(state["history"]) == 1
    assert (tmp_path / "calibration.json").exists()


def test_both_backends_compute_the_same_losses(data_file: Path, tmp_path: Path) -> None:
    losses = {}
    for backend in ("tensorflow", "jax"):
        printed = run(backend, "-c", _STEPS, data_file, tmp_path / "first.keras")
        name, losses[backend] = json.loads(printed.splitlines()[-1])
        assert name == backend
    assert losses["jax"] == pytest.approx(losses["tensorflow"], rel=1e-3)
    assert losses["jax"][0] != losses["jax"][2]
