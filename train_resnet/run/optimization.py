"""Losses, optimizer and learning rate of a recipe, and when its run ends early."""

from typing import Any

import keras
import numpy as np

from train_resnet.run.muon import Muon
from train_resnet.run.recipe import Recipe


def compile_network(network: keras.Model, recipe: Recipe, steps: int) -> None:
    """Gives a network its losses and its optimizer, for epochs of `steps` steps."""
    losses = {
        "fer_head": keras.losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=recipe.label_smoothing
        ),
        "votes_head": keras.losses.CategoricalCrossentropy(from_logits=True),
    }
    network.compile(
        optimizer=_optimizer(recipe, steps),
        loss={head: losses[head] for head in network.output},
        # TensorFlow's own kernels beat XLA's on a CPU here: 545 images a second against 344.
        jit_compile=False if keras.backend.backend() == "tensorflow" else "auto",
    )


def _optimizer(recipe: Recipe, steps: int) -> keras.optimizers.Optimizer:
    schedule: Any = recipe.learning_rate
    if recipe.schedule == "cosine":
        total = recipe.epochs * steps
        warmup = min(round(recipe.warmup_epochs * steps), total // 2)
        schedule = keras.optimizers.schedules.CosineDecay(
            0.0,
            decay_steps=max(1, total - warmup),
            warmup_target=recipe.learning_rate,
            warmup_steps=max(1, warmup),
        )
    if recipe.optimizer == "adam":
        return keras.optimizers.Adam(schedule)
    if recipe.optimizer == "rmsprop":
        return keras.optimizers.RMSprop(schedule)
    options = {"momentum": recipe.momentum, "nesterov": True, "weight_decay": recipe.weight_decay}
    if recipe.kernel_rate:
        optimizer = Muon(schedule, recipe.kernel_rate / recipe.learning_rate, **options)
    else:
        optimizer = keras.optimizers.SGD(schedule, **options)
    optimizer.exclude_from_weight_decay(var_names=["bias", "beta", "gamma"])
    return optimizer


def stops_early(recipe: Recipe, history: list[dict[str, float]]) -> bool:
    """Tells whether the validation loss has not fallen for as long as the recipe's patience."""
    if not recipe.patience or not history:
        return False
    losses = [record["validation_loss"] for record in history]
    return len(losses) - 1 - int(np.argmin(losses)) >= recipe.patience


def rate_after(recipe: Recipe, history: list[dict[str, float]]) -> float:
    """Returns the learning rate after these epochs.

    It falls to a tenth each time the validation loss has not fallen for `recipe.plateau` epochs, like
    the defaults of `keras.callbacks.ReduceLROnPlateau`."""
    rate, lowest, waited = recipe.learning_rate, np.inf, 0
    for record in history:
        waited += 1
        if record["validation_loss"] < lowest - 1e-4:
            lowest, waited = record["validation_loss"], 0
        elif recipe.plateau and waited >= recipe.plateau:
            rate, waited = rate / 10, 0
    return rate
