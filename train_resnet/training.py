"""The training loop."""

import dataclasses
import json
import os
import signal
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from tqdm import tqdm

from train_resnet.augmentation import resize
from train_resnet.config import Recipe
from train_resnet.dataset import Batch, Examples, batches, steps_per_epoch
from train_resnet.muon import Muon
from train_resnet.pretrained import begin_with
from train_resnet.steps import SharpnessAware, train_on_batch

# The running mean of the weights takes a sample of them every so many steps.
_AVERAGING_EVERY = 8


class TrainingStopped(Exception):
    """Training ended before its last step; the message says why and how to go on."""


def train(
    recipe: Recipe,
    training: Examples,
    validation: Examples,
    output: Path,
    resume: bool = False,
) -> Path:
    """Trains a network, keeping a checkpoint and the best network so far in a folder.

    After each epoch the network is measured on the validation images. While training sees smaller
    images, so does this; after that the running mean of the weights is measured too, and the better
    of the two is kept as `best.keras` when the mean of both heads' accuracy on their own labels
    exceeds what was kept before.

    Args:
        recipe: what to train and how.
        training: what to learn from.
        validation: what to choose by.
        output: folder for `best.keras`, `training.json` (recipe, history, cost) and the checkpoint.
        resume: go on from the checkpoint in `output`, to the very weights that a run without the
            interruption gives.

    Returns:
        The path of `best.keras`.

    Raises:
        TrainingStopped: on Ctrl-C (after a checkpoint), or when the loss is no number any more (the
            last checkpoint stays).
        ValueError: there is nothing to resume, or it was trained by another recipe.
    """
    output.mkdir(parents=True, exist_ok=True)
    steps = steps_per_epoch(training, recipe)
    if resume:
        run = _Run.resume(recipe, output, steps)
    else:
        run = _Run.start(recipe, output, steps, training)
    interrupted = _Interruption()
    with interrupted:
        for epoch in range(run.step // steps, recipe.epochs):
            began, losses = time.perf_counter(), []
            first = run.step % steps
            progress = tqdm(
                batches(training, recipe, epoch, first),
                desc=f"epoch {epoch + 1}/{recipe.epochs}",
                unit="step",
                initial=first,
                total=steps,
                mininterval=1,
            )
            for batch in progress:
                losses.append(run.step_on(batch))
                if not np.isfinite(losses[-1]):
                    raise TrainingStopped(
                        f"The loss is {losses[-1]} in step {run.step + 1}. A lower --learning-rate"
                        f" helps; the last good checkpoint is kept in {output}."
                    )
                run.step += 1
                if run.step % _AVERAGING_EVERY == 0:
                    run.average()
                progress.set_postfix(loss=f"{np.mean(losses[-50:]):.3f}")
                if interrupted.requested:
                    run.seconds += time.perf_counter() - began
                    run.save()
                    raise TrainingStopped(f"Stopped; go on with --resume --output {output}.")
            run.finish_epoch(epoch, losses, validation, began)
    return output / "best.keras"


class _Run:
    """The state of a run: all that a checkpoint holds."""

    def __init__(self, recipe: Recipe, output: Path, network: keras.Model) -> None:
        self.recipe = recipe
        self.output = output
        self.network = network
        self._sharpness_aware = (
            SharpnessAware(network, recipe.sharpness) if recipe.sharpness else None
        )
        self.mean = network.get_weights()
        self.step = 0
        self.seconds = 0.0
        self.best = -1.0
        self.history: list[dict[str, float]] = []

    @classmethod
    def start(cls, recipe: Recipe, output: Path, steps: int, training: Examples) -> "_Run":
        if (output / "training.json").exists():
            raise ValueError(f"{output} holds a run already: add --resume, or name another folder.")
        network = recipe.build()
        if recipe.pretrained:
            begin_with(network, recipe.pretrained, training.crops)
        compile_network(network, recipe, steps)
        return cls(recipe, output, network)

    @classmethod
    def resume(cls, recipe: Recipe, output: Path, steps: int) -> "_Run":
        path = output / "training.json"
        if not path.exists():
            raise ValueError(f"{output} holds no checkpoint to resume.")
        state = json.loads(path.read_text())
        wanted = json.loads(json.dumps(dataclasses.asdict(recipe)))
        if state["recipe"] != wanted:
            changed = [name for name in wanted if state["recipe"].get(name) != wanted[name]]
            raise ValueError(
                f"{output} was trained by another recipe: {', '.join(changed)} differ."
            )
        network = recipe.build()
        compile_network(network, recipe, steps)
        run = cls(recipe, output, network)
        checkpoint = output / state["checkpoint"]
        try:
            with np.load(checkpoint) as arrays:
                for variable, name in zip(run._variables(), arrays.files, strict=False):
                    variable.assign(arrays[name])
                run.mean = [arrays[name] for name in arrays.files if name.startswith("mean")]
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise ValueError(f"{checkpoint} cannot be read ({error}).") from error
        run.step, run.seconds = state["step"], state["seconds"]
        run.best, run.history = state["best"], state["history"]
        return run

    def _variables(self) -> list[Any]:
        """All that training changes: weights, batch statistics, dropout's seeds and momentum.

        A `.keras` file would keep neither the seeds nor what is excluded from weight decay.
        """
        self.network.optimizer.build(self.network.trainable_variables)
        return [*self.network.variables, *self.network.optimizer.variables]

    def step_on(self, batch: Batch) -> float:
        """Learns a batch and returns its loss."""
        if self._sharpness_aware is None:
            return train_on_batch(self.network, batch)
        return self._sharpness_aware.train_on_batch(batch)

    def average(self) -> None:
        """Moves the running mean, batch statistics included, towards the weights as they are."""
        share = 1 - self.recipe.averaging**_AVERAGING_EVERY
        # At first the mean would be mostly the untrained weights: let it follow faster.
        share = max(share, 1 / (1 + self.step / _AVERAGING_EVERY))
        for mean, weight in zip(self.mean, self.network.get_weights(), strict=True):
            mean += (share * (weight - mean)).astype(mean.dtype)

    def finish_epoch(
        self, epoch: int, losses: list[float], validation: Examples, began: float
    ) -> None:
        record = {"epoch": epoch + 1, "loss": float(np.mean(losses))}
        weights = self.network.get_weights()
        small = self.recipe.side(epoch)
        candidates = {"network": weights}
        if small is None:
            candidates["mean"] = self.mean
        else:  # The mean lags behind while the rate is high, and measuring costs many steps' time.
            validation = dataclasses.replace(validation, crops=resize(validation.crops, small))
        for name, candidate in candidates.items():
            self.network.set_weights(candidate)
            scores = head_accuracies(self.network, validation)
            record |= {f"{name}_{head}": score for head, score in scores.items()}
            score = float(np.mean(list(scores.values())))
            if small is None and score > self.best:
                self.best = score
                replace_with(self.output / "best.keras", self.network.save)
        self.network.set_weights(weights)
        self.seconds += time.perf_counter() - began
        self.history.append(record | {"seconds": round(self.seconds, 1)})
        print("  ".join(f"{k} {v:.4g}" for k, v in self.history[-1].items()), flush=True)
        self.save()

    def save(self) -> None:
        """Writes a whole new checkpoint before the old one goes, so a full disk costs nothing."""
        name = f"checkpoint-{self.step:06d}.npz"
        values = [keras.ops.convert_to_numpy(variable) for variable in self._variables()]
        arrays = {f"variable{index:04d}": value for index, value in enumerate(values)}
        arrays |= {f"mean{index:04d}": value for index, value in enumerate(self.mean)}
        state = {
            "recipe": dataclasses.asdict(self.recipe),
            "checkpoint": name,
            "step": self.step,
            "best": self.best,
            "seconds": round(self.seconds, 1),
            "cores": os.cpu_count(),
            "backend": keras.backend.backend(),
            "history": self.history,
        }
        text = json.dumps(state, indent=1) + "\n"
        replace_with(self.output / name, lambda path: np.savez(path, **arrays))
        replace_with(self.output / "training.json", lambda path: path.write_text(text))
        for old in self.output.glob("checkpoint-*.npz"):
            if old.name != name:
                old.unlink()


def compile_network(network: keras.Model, recipe: Recipe, steps: int) -> None:
    """Gives a network its losses and its optimizer for runs of `steps` steps an epoch."""
    total = recipe.epochs * steps
    warmup = min(round(recipe.warmup_epochs * steps), total // 2)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0,
        decay_steps=max(1, total - warmup),
        warmup_target=recipe.learning_rate,
        warmup_steps=max(1, warmup),
    )
    options = {"momentum": recipe.momentum, "nesterov": True, "weight_decay": recipe.weight_decay}
    if recipe.kernel_rate:
        optimizer = Muon(schedule, recipe.kernel_rate / recipe.learning_rate, **options)
    else:
        optimizer = keras.optimizers.SGD(schedule, **options)
    optimizer.exclude_from_weight_decay(var_names=["bias", "beta", "gamma"])
    network.compile(
        optimizer,
        loss={
            "fer_head": keras.losses.CategoricalCrossentropy(
                from_logits=True, label_smoothing=recipe.label_smoothing
            ),
            "votes_head": keras.losses.CategoricalCrossentropy(from_logits=True),
        },
        # TensorFlow's own kernels beat XLA's on a CPU here: 545 images a second against 344.
        jit_compile=False if keras.backend.backend() == "tensorflow" else "auto",
    )


def head_accuracies(network: keras.Model, data: Examples) -> dict[str, float]:
    """Each head's share of right answers on its own labels: FER-2013's, and the votes' winner."""
    logits = network.predict(data.crops[..., None].astype(np.float32), batch_size=256, verbose=0)
    right = {
        "fer_head": logits["fer_head"].argmax(1) == data.labels.argmax(1),
        "votes_head": logits["votes_head"].argmax(1) == data.votes.argmax(1),
    }
    scores = {"fer_head": float(right["fer_head"].mean())}
    if data.votes_weight.any():
        scores["votes_head"] = float(right["votes_head"][data.votes_weight > 0].mean())
    return scores


def replace_with(path: Path, write: Callable[[Path], object]) -> None:
    """Writes a file beside its place and moves it there, so the old one stays whole until then.

    Raises:
        TrainingStopped: the disk is full, or the folder cannot be written.
    """
    partial = path.with_name(f".partial-{path.name}")
    try:
        write(partial)
        partial.replace(path)
    except OSError as error:
        raise TrainingStopped(
            f"{path.name} cannot be written ({error}); what was there before it is kept."
        ) from error
    finally:
        partial.unlink(missing_ok=True)


class _Interruption:
    """Turns Ctrl-C and SIGTERM into a request that is met between two steps."""

    def __init__(self) -> None:
        self.requested = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> None:
        # Signals reach the main thread alone; elsewhere nothing can be asked.
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._request)

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _request(self, *_: object) -> None:
        self.requested = True
