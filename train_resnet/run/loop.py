"""The training loop."""

import time
from pathlib import Path

import numpy as np
from tqdm import tqdm

from train_resnet.run.data import Examples, batches, steps_per_epoch
from train_resnet.run.optimization import stops_early
from train_resnet.run.recipe import Recipe
from train_resnet.run.state import AVERAGING_EVERY, Run
from train_resnet.run.stopping import Interruption, TrainingStopped


def train(
    recipe: Recipe,
    training: Examples,
    validation: Examples,
    output: Path,
    resume: bool = False,
    keep_every: float = 0.0,
) -> Path:
    """Trains a network, and keeps a checkpoint and the best network so far in a folder.

    After each epoch, the network is measured on the validation images. While training sees smaller
    images, validation does too. In full-size epochs, the running mean of the weights is measured as
    well. The better of the two becomes `best.keras` if it beats the one kept before, by the mean of
    both heads' accuracy on their own labels.

    Args:
        recipe: the network and how it is trained.
        training: the images to learn from.
        validation: the images that choose the network.
        output: the folder for `best.keras`, `training.json` (recipe, history, cost) and the checkpoint.
        resume: whether to continue from the checkpoint in `output`. The weights become exactly those of
            a run without the interruption.
        keep_every: the least seconds between two checkpoints; 0 writes one after every epoch. On an
            accelerator, an epoch may take less time than its checkpoint.

    Returns:
        The path of `best.keras`.

    Raises:
        TrainingStopped: after Ctrl-C, with a new checkpoint; or because the loss is not a number, with
            the last checkpoint kept.
        ValueError: there is nothing to resume, or another recipe trained it.
    """
    output.mkdir(parents=True, exist_ok=True)
    steps = steps_per_epoch(training, recipe)
    if resume:
        run = Run.resume(recipe, output, steps)
    else:
        run = Run.start(recipe, output, steps, training)
    interruption = Interruption()
    with interruption:
        for epoch in range(run.step // steps, recipe.epochs):
            if stops_early(recipe, run.history):
                break
            began = time.perf_counter()
            losses = _learn(run, epoch, training, interruption)
            run.finish_epoch(epoch, losses, validation, began, keep_every)
    return output / "best.keras"


def _learn(run: Run, epoch: int, training: Examples, interruption: Interruption) -> list[float]:
    """Takes the remaining steps of an epoch, and returns their losses."""
    recipe, steps = run.recipe, steps_per_epoch(training, run.recipe)
    began, first = time.perf_counter(), run.step % steps
    losses: list[float] = []
    progress = tqdm(
        batches(training, recipe, epoch, first),
        desc=f"epoch {epoch + 1}/{recipe.epochs}",
        unit="step",
        initial=first,
        total=steps,
        mininterval=1,
    )
    for batch in progress:
        losses.append(run.steps.train_on_batch(batch))
        looked_at = (run.step + 1) % run.steps.ahead == 0 or len(losses) == steps - first
        if looked_at and not np.isfinite(losses[-1]):
            raise TrainingStopped(
                f"The loss is {losses[-1]} in step {run.step + 1}. A lower --learning-rate"
                f" helps; the last good checkpoint is kept in {run.output}."
            )
        run.step += 1
        if run.step % AVERAGING_EVERY == 0:
            run.average()
        if looked_at:
            losses[-run.steps.ahead :] = map(float, losses[-run.steps.ahead :])
            progress.set_postfix(loss=f"{np.mean(losses[-50:]):.3f}")
        if recipe.snapshots and run.step % recipe.snapshots == 0:
            run.keep_snapshot()
        if interruption.requested:
            run.seconds += time.perf_counter() - began
            run.save()
            raise TrainingStopped(f"Stopped; go on with --resume --output {run.output}.")
    return losses
