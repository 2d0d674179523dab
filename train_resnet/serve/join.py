"""Several models become one network."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from model.networks.side_by_side import side_by_side
from preprocessing.alignment import SIZE
from train_resnet.begin.pretrained import begin_with
from train_resnet.measure.members import members_of
from train_resnet.measure.networks import load_network
from train_resnet.run.architectures import build


def join(models: Sequence[str], crops: np.ndarray) -> tuple[keras.Model, list[dict[str, Any]]]:
    """All networks of several models as one (`model.networks.side_by_side`), and their training.

    Args:
        models: names of weights, `.tflite` or `.keras` files; of weights that hold several networks
            "NAME:2" is the second alone. What is named twice counts twice in the means.
        crops: `(n, 48, 48)` uint8, some faces, for the statistics of unfolded normalisations.

    Raises:
        ValueError: a model cannot be read, or is a `.keras` file that was joined already, or there is
            no network of that number.
    """
    networks, trained = [], []
    for model, times in Counter(models).items():
        name, chosen = _chosen(model)
        members = members_of(name)
        numbers = range(1, len(members) + 1)
        if chosen is not None and chosen not in numbers:
            raise ValueError(f"{name} has no network {chosen}: it holds {len(members)}.")
        if not name.endswith(".keras"):
            for number in numbers if chosen is None else [chosen]:
                member = members[number - 1]
                network = build(member["recipe"]["arch"], dropout=0.0, side=SIZE)
                begin_with(network, name, crops, number)
                networks.append(network)
                within = member.get("weight", 1) if chosen is None else 1
                trained.append({**member, "weight": times * within})
        elif len(members) == 1:
            networks.append(load_network(Path(name)))
            trained.append({**members[0], "weight": times})
        else:
            raise ValueError(f"{name} was joined already: name the networks it was made of.")
    return side_by_side(networks, [member["weight"] for member in trained]), trained


def _chosen(model: str) -> tuple[str, int | None]:
    """The name of a model, and which of its networks is meant, counted from 1; None for all."""
    name, colon, number = model.rpartition(":")
    return (name, int(number)) if colon and number.isdigit() else (model, None)
