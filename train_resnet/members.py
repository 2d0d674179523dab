"""The networks that a model consists of, and how each was trained."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from model.classifier import load
from model.resnet import side_by_side
from preprocessing.alignment import SIZE
from train_resnet.architectures import build
from train_resnet.export import load_network
from train_resnet.pretrained import begin_with


def members_of(model: str) -> list[dict[str, Any]]:
    """How each network of a model was trained: recipe, minutes, cores, backend and history.

    Args:
        model: name of weights, `.tflite` or `.keras` file; the last with its `training.json` beside
            it.

    Raises:
        ValueError: there is no such model, or nothing says how it was trained.
    """
    if not model.endswith(".keras"):
        return load(model).members
    path = Path(model).with_name("training.json")
    if not path.exists():
        raise ValueError(f"{path} is missing: `train` and `join` write it.")
    run = json.loads(path.read_text(encoding="utf-8"))
    if "members" in run:
        return list(run["members"])
    kept = {name: run[name] for name in ("recipe", "cores", "backend", "history")}
    return [{**kept, "minutes": round(run["seconds"] / 60, 1)}]


def join(models: Sequence[str], crops: np.ndarray) -> tuple[keras.Model, list[dict[str, Any]]]:
    """All networks of several models as one (`model.resnet.side_by_side`), and their training.

    Args:
        models: names of weights, `.tflite` or `.keras` files.
        crops: `(n, 48, 48)` uint8, some faces, for the statistics of unfolded normalisations.

    Raises:
        ValueError: a model cannot be read, or is a `.keras` file that was joined already.
    """
    networks, trained = [], []
    for model in models:
        members = members_of(model)
        trained += members
        if not model.endswith(".keras"):
            for number, member in enumerate(members, start=1):
                network = build(member["recipe"]["arch"], dropout=0.0, side=SIZE)
                begin_with(network, model, crops, number)
                networks.append(network)
        elif len(members) == 1:
            networks.append(load_network(Path(model)))
        else:
            raise ValueError(f"{model} was joined already: name the networks it was made of.")
    return side_by_side(networks), trained
