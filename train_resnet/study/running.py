"""Trains and measures a trial of the study."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from model.mixture import softmax
from preprocessing import fer2013
from train_resnet.files import write_json
from train_resnet.measure.evaluation import truths
from train_resnet.measure.metrics import measure
from train_resnet.measure.networks import keras_logits, load_network
from train_resnet.run.data import Examples, examples
from train_resnet.run.loop import train
from train_resnet.run.teachers import ask, taught
from train_resnet.study.trials import BASE, Trial


def run(trial: Trial, data: fer2013.Fer2013, output: Path) -> dict[str, Any]:
    """Trains and measures a trial, goes on with it, or gives what it measured before.

    Args:
        trial: what to change.
        data: FER-2013 with the votes.
        output: folder of all runs.

    Returns:
        Figures on PublicTest, both views averaged: `fer_head` and `votes_head`, accuracies on their
        own labels, `balanced`, `neutral` and `fear`, the votes head's balanced accuracy and recalls;
        and `minutes`.
    """
    folder = output / trial.name
    done = folder / "figures.json"
    if done.exists():
        return dict(json.loads(done.read_text()))
    public = data.split("PublicTest")
    validation = shown(examples(public), trial)
    recipe = replace(BASE, **trial.recipe)
    faces = trial.learn(data.split("Training"))
    if recipe.teachers:  # They are asked about the faces as they know them.
        faces = taught(faces, ask(recipe.teachers, faces), recipe.teaching)
    faces = shown(faces, trial)
    resume = (folder / "training.json").exists()
    best = train(recipe, faces, validation, folder, resume)
    logits = keras_logits(load_network(best, trial.side), validation.crops, mirrored_view=True)
    winners = truths(public)["ferplus"]
    rows = winners >= 0
    votes = measure(softmax(logits.votes_head[rows]), winners[rows])
    seconds = json.loads((folder / "training.json").read_text())["seconds"]
    figures = {
        "fer_head": float((logits.fer_head.argmax(1) == public.labels).mean()),
        "votes_head": votes["accuracy"],
        "balanced": votes["balanced_accuracy"],
        "neutral": votes["per_class"]["neutral"]["recall"],
        "fear": votes["per_class"]["fear"]["recall"],
    }
    figures = {name: round(value, 4) for name, value in figures.items()}
    figures["minutes"] = round(seconds / 60, 1)
    write_json(done, figures)
    return figures


def shown(faces: Examples, trial: Trial) -> Examples:
    """Faces in a trial's framing and size."""
    old = faces.crops.shape[1]
    crops = faces.crops
    if trial.framing != 1:
        middle = ((old - 1) / 2, (old - 1) / 2)
        matrix = cv2.getRotationMatrix2D(middle, 0, trial.framing)
        border = cv2.BORDER_REPLICATE
        crops = np.stack([cv2.warpAffine(c, matrix, (old, old), borderMode=border) for c in crops])
    if trial.side != old:
        way = cv2.INTER_AREA if trial.side < old else cv2.INTER_CUBIC
        size = (trial.side, trial.side)
        crops = np.stack([cv2.resize(crop, size, interpolation=way) for crop in crops])
    return replace(faces, crops=crops)
