"""What can be evaluated: served weights, a checkpoint, or several checkpoints as an ensemble."""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from model.classifier import Classifier, load
from model.mixture import Logits, Mixture
from preprocessing import fer2013
from train_resnet.machine import cores
from train_resnet.measure.calibration import Calibration, calibrate
from train_resnet.measure.evaluation import Predictor
from train_resnet.measure.members import members_of
from train_resnet.measure.networks import keras_logits, load_network


@dataclass(frozen=True, eq=False)
class Candidate:
    """A network to evaluate, with what makes answers of its logits.

    Attributes:
        predict: gives crops their logits, as they are served.
        one_view: the same without the mirrored view.
        mixture: makes the served answer.
        uncertain_below: the threshold of doubt.
        histories: of the runs that trained its networks, as far as they are known.
    """

    predict: Predictor
    one_view: Predictor
    mixture: Mixture
    uncertain_below: float
    histories: list[list[dict[str, float]]] = field(default_factory=list)


def candidate(models: Sequence[str], data: fer2013.Fer2013) -> Candidate:
    """Loads what is to be evaluated.

    Args:
        models: names of weights, `.tflite` or `.keras` files; the logits of several are averaged,
            and what is named twice counts twice.
        data: FER-2013, whose PublicTest calibrates an ensemble.

    Raises:
        ValueError: a model cannot be read.
    """
    if len(models) == 1 and not models[0].endswith(".keras"):
        return _served(load(models[0]))
    networks = {model: network_logits(model) for model in models}

    def predict(crops: np.ndarray, mirrored_view: bool) -> Logits:
        seen = {model: network(crops, mirrored_view) for model, network in networks.items()}
        return mean_of_networks([seen[model] for model in models])

    both, single = partial(predict, mirrored_view=True), partial(predict, mirrored_view=False)
    if len(models) > 1:
        fitted = calibrated(predict, data)
        return Candidate(both, single, fitted.mixture, fitted.uncertain_below)
    calibration = _read(Path(models[0]).with_name("calibration.json"))
    mixture = Mixture(**calibration["mixture"])
    histories = [member["history"] for member in members_of(models[0])]
    return Candidate(both, single, mixture, calibration["uncertain_below"], histories)


def calibrated(network: Callable[..., Logits], data: fer2013.Fer2013) -> Calibration:
    """Fits on PublicTest what makes answers of a network's logits.

    Args:
        network: of `network_logits` or `on_every_core`.
        data: FER-2013.
    """
    public = data.split("PublicTest")
    winners = None if public.votes is None else fer2013.vote_majority(public.votes)
    crops, _ = fer2013.aligned(public.images)
    return calibrate(network(crops, mirrored_view=True), public.labels, winners)


def network_logits(model: str) -> Callable[..., Logits]:
    """What gives crops their logits, from both views or, with `mirrored_view=False`, from one.

    Args:
        model: name of weights, `.tflite` or `.keras` file.

    Raises:
        ValueError: it cannot be read.
    """
    if model.endswith(".keras"):
        return partial(keras_logits, load_network(Path(model)))
    return on_every_core(load(model))


def mean_of_networks(answers: Sequence[Logits]) -> Logits:
    """The mean of several networks' logits. The sizes of their maps differ, so none are averaged.

    Args:
        answers: of each network about the same faces.
    """
    return Logits.mean([Logits.of_heads(each.fer_head, each.votes_head) for each in answers])


def _served(classifier: Classifier) -> Candidate:
    see = on_every_core(classifier)
    return Candidate(
        partial(see, mirrored_view=classifier.mirrored_view),
        partial(see, mirrored_view=False),
        classifier.mixture,
        classifier.uncertain_below,
        [member["history"] for member in classifier.members],
    )


def on_every_core(classifier: Classifier) -> Callable[..., Logits]:
    """What gives crops a classifier's logits, from both views or, with `mirrored_view=False`, from one.

    A classifier serves one thread at a time, so each core gets a copy with its own interpreter.
    """
    count = cores()
    copies = {
        view: [replace(classifier, mirrored_view=view) for _ in range(count)]
        for view in (True, False)
    }

    def predict(crops: np.ndarray, mirrored_view: bool) -> Logits:
        parts = np.array_split(crops, count)
        with ThreadPoolExecutor(count) as pool:
            seen = pool.map(lambda copy, faces: copy.logits(faces), copies[mirrored_view], parts)
            return Logits.stack([vars(logits) for logits in seen])

    return predict


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise ValueError(f"{path} is missing: `train` and `join` write it.")
    return dict(json.loads(path.read_text(encoding="utf-8")))
