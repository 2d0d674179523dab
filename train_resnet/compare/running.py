"""Trains and measures a row of the comparison."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from model.labels import EMOTIONS
from model.mixture import softmax
from preprocessing import fer2013
from train_resnet.compare.faces import Faces
from train_resnet.compare.rows import Row, find
from train_resnet.files import write_json
from train_resnet.measure.metrics import macro_f1
from train_resnet.measure.networks import keras_logits, load_network
from train_resnet.report.plots import plot_training
from train_resnet.run.data import Examples
from train_resnet.run.loop import train
from train_resnet.run.selection import folds, rows, select

# Seconds between the checkpoints of a run: an epoch on an accelerator takes less time than one.
_KEEP_EVERY = 20.0


def run(row: Row, faces: Faces, output: Path) -> dict[str, Any]:
    """Trains and measures a row, goes on with it, or gives what it measured before.

    A row's folder keeps its network, history (`train_resnet.run.loop.train`) and curves, its answers
    and its figures. PrivateTest is seen once: when the row is finished.

    Args:
        row: what to train; an ensemble's rows are trained before.
        faces: FER-2013.
        output: folder of all rows.

    Returns:
        Accuracies and `macro_f1` on FER-2013's labels, `epochs`, `minutes` and `device`.

    Raises:
        ValueError: a row that this one is made of has not been run.
    """
    folder = output / row.name
    done = folder / "figures.json"
    if done.exists():
        return dict(json.loads(done.read_text(encoding="utf-8")))
    folder.mkdir(parents=True, exist_ok=True)
    if row.recipe is not None:
        _train(row, faces, output)
    answers = _answers(row, faces, output)
    np.savez_compressed(folder / "answers.npz", **answers)  # type: ignore[arg-type]
    figures = {**_accuracies(row, answers, faces), **_cost(row, output)}
    write_json(done, figures)
    return figures


def cross_validate(row: Row, count: int, faces: Faces, output: Path) -> dict[str, Any]:
    """Trains a row on all but one part of Training, once for each part, and measures it there.

    PublicTest is what each run chooses its network by, so that the part left out decides nothing.

    Args:
        row: with a recipe.
        count: of the parts.
        faces: FER-2013.
        output: folder of all rows.

    Returns:
        The accuracy on each part, `folds`, their `mean` and `deviation`.
    """
    if row.recipe is None:
        raise ValueError(f"{row.name} is trained from other rows; --folds takes one with a recipe.")
    folder = output / f"{row.name}-{count}-folds"
    training = faces.parts["Training"]
    part = folds(training, count, np.random.default_rng(0))
    scores = []
    for number in range(count):
        run_folder = folder / f"fold-{number + 1}"
        recipe = replace(row.recipe, snapshots=0)
        learned, validation = select(
            rows(training, part != number), faces.parts["PublicTest"], recipe
        )
        best = _resumed(recipe, learned, validation, run_folder)
        held_out, _ = select(rows(training, part == number), validation, recipe)
        logits = keras_logits(load_network(best), held_out.crops, row.mirrored_view).fer_head
        scores.append(float((logits.argmax(1) == held_out.labels.argmax(1)).mean()))
        print(f"{row.name}: fold {number + 1} of {count}, {scores[-1]:.1%}", flush=True)
    figures = {"folds": scores, "mean": float(np.mean(scores)), "deviation": float(np.std(scores))}
    write_json(folder / "figures.json", figures)
    return figures


def _resumed(recipe: Any, learned: Examples, validation: Examples, folder: Path) -> Path:
    resume = (folder / "training.json").exists()
    return train(recipe, learned, validation, folder, resume, _KEEP_EVERY)


def _train(row: Row, faces: Faces, output: Path) -> None:
    assert row.recipe is not None
    recipe = row.recipe
    if row.begins_with:
        first = output / row.begins_with / "best.keras"
        _needs(row, row.begins_with, first)
        recipe = replace(recipe, pretrained=str(first))
    learned, validation = select(faces.parts["Training"], faces.parts["PublicTest"], recipe)
    _resumed(recipe, learned, validation, output / row.name)
    history = json.loads((output / row.name / "training.json").read_text())["history"]
    plot_training(history, output / row.name / "training_curves.png")


def _needs(row: Row, other: str, file: Path) -> None:
    if not file.exists():
        raise ValueError(f"{row.name} is made of {other}, which has not been run in {file.parent}.")


def _answers(row: Row, faces: Faces, output: Path) -> dict[str, np.ndarray]:
    """The distributions over the seven emotions for both tests, each `(n, 7)` float32."""
    tests = fer2013.SPLITS[1:]
    if row.members:
        kept = []
        for member in row.members:
            path = output / member / "answers.npz"
            _needs(row, member, path)
            with np.load(path) as arrays:
                kept.append({test: arrays[test] for test in tests})
        return {test: _mean([answers[test] for answers in kept]) for test in tests}
    checkpoints = [output / row.name / "best.keras"]
    if row.snapshots_of:
        checkpoints = sorted((output / row.snapshots_of).glob("snapshot-*.keras"))
        _needs(
            row,
            row.snapshots_of,
            checkpoints[0] if checkpoints else output / row.snapshots_of / "snapshot",
        )
    networks = [load_network(checkpoint) for checkpoint in checkpoints]
    return {
        test: _mean(
            [
                softmax(keras_logits(network, faces.parts[test].crops, row.mirrored_view).fer_head)
                for network in networks
            ]
        )
        for test in tests
    }


def _mean(answers: Sequence[np.ndarray]) -> np.ndarray:
    mean: np.ndarray = np.stack(answers).mean(0, dtype=np.float32)
    return mean


def _accuracies(row: Row, answers: dict[str, np.ndarray], faces: Faces) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    for test, distribution in answers.items():
        truth = faces.parts[test].labels.argmax(1)
        answer = distribution.argmax(1)
        figures[test] = float((answer == truth).mean())
        figures[f"{test} without duplicates"] = float((answer == truth)[faces.fresh[test]].mean())
        figures[f"{test} macro-F1"] = macro_f1(truth, answer)
        dropped = _dropped(row)
        if dropped:
            kept = ~np.isin(np.array(EMOTIONS)[truth], dropped)
            figures[f"{test} without {', '.join(dropped)}"] = float((answer == truth)[kept].mean())
    return figures


def _dropped(row: Row) -> tuple[str, ...]:
    first = find(row.snapshots_of) if row.snapshots_of else row
    return first.recipe.drop if first.recipe else ()


def _cost(row: Row, output: Path) -> dict[str, Any]:
    """Epochs, minutes and device of a row's training; of an ensemble the sum of all."""
    names = row.members or (row.snapshots_of or row.name,)
    runs = [json.loads((output / name / "training.json").read_text()) for name in names]
    if row.begins_with:
        runs.append(json.loads((output / row.begins_with / "training.json").read_text()))
    scores = [record["network_fer_head"] for record in runs[0]["history"]]
    return {
        "epochs": sum(len(each["history"]) for each in runs),
        "minutes": round(sum(each["seconds"] for each in runs) / 60, 2),
        "device": runs[0]["device"],
        "validation": max(scores),
    }
