"""A small made-up FER-2013: its classes differ by where a bright bar lies, so they can be learned."""

import csv
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from unittest.mock import patch

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import pytest

from model.networks import mobilenet
from model.networks.heads import add_heads
from model.networks.resnet import resnet
from preprocessing.alignment import SIZE
from preprocessing.fer2013 import VOTE_COLUMNS, Fer2013, load
from train_resnet.__main__ import main
from train_resnet.report import plots
from train_resnet.run.architectures import ARCHITECTURES

# The column of each class's vote.
_COLUMN = {0: 4, 1: 5, 2: 6, 3: 1, 4: 3, 5: 2, 6: 0}
_SPLITS = {"Training": 112, "PublicTest": 28, "PrivateTest": 28}


def tiny(dropout: float, side: int | None = SIZE) -> keras.Model:
    """A network that is built in a moment: these tests are about training, not about networks."""
    inputs = keras.Input((side, side, 1))
    x = keras.layers.Rescaling(1 / 127.5, offset=-1)(inputs)
    x = keras.layers.AveragePooling2D(4)(x)
    x = keras.layers.Conv2D(16, 9, padding="same", use_bias=False)(x)
    x = keras.layers.ReLU(name="trunk")(keras.layers.BatchNormalization(momentum=0.9)(x))
    return add_heads(inputs, x, dropout, name="tiny")


def short_mobilenet(dropout: float, side: int | None = SIZE) -> keras.Model:
    """A MobileNet of three blocks, which has every kind of layer of one of thirteen."""
    with patch.multiple(mobilenet, _FILTERS=(64, 128, 128), _HALVING=(2,)):
        return mobilenet.mobilenet(64, dropout, side)


# Networks that are built, trained and exported in a moment, by the name that `--arch` takes.
SHORT = {
    "tiny": tiny,
    "two-blocks": partial(resnet, width=16, blocks=(1, 1), standardised=True),
    "short-mobilenet": short_mobilenet,
}


@pytest.fixture(scope="session", autouse=True)
def short_architectures() -> Iterator[None]:
    """Lets `--arch` name the short networks."""
    with patch.dict(ARCHITECTURES, SHORT):
        yield


@pytest.fixture(scope="session")
def data_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fer")
    rng = np.random.default_rng(0)
    with (
        (folder / "fer2013.csv").open("w", newline="") as data,
        (folder / "fer2013new.csv").open("w", newline="") as votes,
    ):
        data_rows, vote_rows = csv.writer(data), csv.writer(votes)
        data_rows.writerow(["emotion", "pixels", "Usage"])
        vote_rows.writerow(["Usage", "Image name", *VOTE_COLUMNS])
        for usage, count in _SPLITS.items():
            for index in range(count):
                label = index % 7
                image = rng.integers(0, 60, (48, 48))
                image[label * 6 : label * 6 + 8] += 180
                data_rows.writerow([label, " ".join(map(str, image.ravel())), usage])
                ballot = [0] * len(VOTE_COLUMNS)
                ballot[_COLUMN[label]] = 9
                ballot[8] = 1
                vote_rows.writerow([usage, f"fer{index:07d}.png", *ballot])
    return folder / "fer2013.csv"


@pytest.fixture(scope="session")
def toy(data_file: Path) -> Fer2013:
    return load(data_file, data_file.parent / "fer2013new.csv")


@pytest.fixture(scope="session")
def run_folder(data_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two epochs that nothing may write into."""
    output = tmp_path_factory.mktemp("run")
    command = f"train --data {data_file} --arch tiny --epochs 2 --batch-size 16"
    assert main([*command.split(), "--output", str(output)]) == 0
    return output


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps made-up faces out of the user's cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture(autouse=True)
def same_first_weights() -> None:
    """Networks that a test builds begin alike in each run: tolerances hold for them, not for any."""
    keras.utils.set_random_seed(0)


@pytest.fixture
def no_evaluation_plots(monkeypatch: pytest.MonkeyPatch) -> None:
    """For evaluations whose plots are not looked at: they take half of the time."""
    for plot in ("plot_confusion", "plot_reliability", "plot_risk_coverage", "contact_sheet"):
        monkeypatch.setattr(plots, plot, lambda *_: None)


def with_lively_statistics(network: keras.Model) -> keras.Model:
    """Random weights and batch statistics, so that no layer is a bystander."""
    rng = np.random.default_rng(0)
    for layer in network.layers:
        weights = layer.get_weights()
        if isinstance(layer, keras.layers.BatchNormalization):
            weights = [rng.uniform(0.5, 1.5, weight.shape) for weight in weights]
        elif isinstance(layer, keras.layers.Conv2D) and layer.use_bias:
            weights = [weights[0], rng.normal(size=weights[1].shape)]
        layer.set_weights(weights)
    return network
