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

from train_resnet.run.augmentation import resize
from train_resnet.run.data import Examples, batches, steps_per_epoch
from train_resnet.run.optimization import compile_network, rate_after, stops_early
from train_resnet.run.recipe import Recipe
from train_resnet.run.steps import steps_of

# The running mean of the weights takes a sample of them every so many steps.
_AVERAGING_EVERY = 8
_VALIDATION_BATCH = 256
# Between the devices of a run that went on on another.
_THEN = ", then "


class TrainingStopped(Exception):
    """Training ended before its last step; the message says why and how to go on."""


def train(
    recipe: Recipe,
    training: Examples,
    validation: Examples,
    output: Path,
    resume: bool = False,
    keep_every: float = 0.0,
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
        keep_every: seconds between checkpoints at least; 0 writes one after every epoch. On an
            accelerator an epoch may take less time than its checkpoint.

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
            if stops_early(recipe, run.history):
                break
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
                losses.append(run.steps.train_on_batch(batch))
                looked_at = (run.step + 1) % run.steps.ahead == 0 or len(losses) == steps - first
                if looked_at and not np.isfinite(losses[-1]):
                    raise TrainingStopped(
                        f"The loss is {losses[-1]} in step {run.step + 1}. A lower --learning-rate"
                        f" helps; the last good checkpoint is kept in {output}."
                    )
                run.step += 1
                if run.step % _AVERAGING_EVERY == 0:
                    run.average()
                if looked_at:
                    losses[-run.steps.ahead :] = map(float, losses[-run.steps.ahead :])
                    progress.set_postfix(loss=f"{np.mean(losses[-50:]):.3f}")
                if recipe.snapshots and run.step % recipe.snapshots == 0:
                    run.keep_snapshot()
                if interrupted.requested:
                    run.seconds += time.perf_counter() - began
                    run.save()
                    raise TrainingStopped(f"Stopped; go on with --resume --output {output}.")
            run.finish_epoch(epoch, losses, validation, began, keep_every)
    return output / "best.keras"


class _Run:
    """The state of a run: all that a checkpoint holds."""

    def __init__(self, recipe: Recipe, output: Path, network: keras.Model) -> None:
        self.recipe = recipe
        self.output = output
        self.network = network
        self.steps = steps_of(network, recipe.sharpness)
        self.mean = network.get_weights() if recipe.averaging else []
        self.step = 0
        self.seconds = 0.0
        self.kept = time.perf_counter()
        self.devices = [_device()]
        self.best = -1.0
        self.history: list[dict[str, float]] = []

    @classmethod
    def start(cls, recipe: Recipe, output: Path, steps: int, training: Examples) -> "_Run":
        if (output / "training.json").exists():
            raise ValueError(f"{output} holds a run already: add --resume, or name another folder.")
        network = recipe.build()
        if recipe.pretrained:
            # Only here: it reads LiteRT's files too, and an accelerator's machine may lack LiteRT.
            from train_resnet.begin.pretrained import begin_with

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
        before = state["device"].split(_THEN)
        run.devices = before if before[-1] == _device() else [*before, _device()]
        return run

    def _variables(self) -> list[Any]:
        """All that training changes: weights, batch statistics, dropout's seeds and momentum.

        A `.keras` file would keep neither the seeds nor what is excluded from weight decay.
        """
        self.network.optimizer.build(self.network.trainable_variables)
        return [*self.network.variables, *self.network.optimizer.variables]

    def average(self) -> None:
        """Moves the running mean, batch statistics included, towards the weights as they are."""
        if not self.mean:
            return
        self.steps.sync()
        share = 1 - self.recipe.averaging**_AVERAGING_EVERY
        # At first the mean would be mostly the untrained weights: let it follow faster.
        share = max(share, 1 / (1 + self.step / _AVERAGING_EVERY))
        for mean, weight in zip(self.mean, self.network.get_weights(), strict=True):
            mean += (share * (weight - mean)).astype(mean.dtype)

    def finish_epoch(
        self,
        epoch: int,
        losses: list[float],
        validation: Examples,
        began: float,
        keep_every: float = 0.0,
    ) -> None:
        self.steps.sync()
        record = {"epoch": epoch + 1, "loss": float(np.mean(losses))}
        weights = self.network.get_weights()
        small = self.recipe.side(epoch)
        candidates = {"network": weights}
        # The mean lags behind while the rate is high, and measuring costs many steps' time.
        if small is None and self.mean:
            candidates["mean"] = self.mean
        if small is not None:
            validation = dataclasses.replace(validation, crops=resize(validation.crops, small))
        for name, candidate in candidates.items():
            self.network.set_weights(candidate)
            scores, loss = validate(self.network, validation)
            record |= {f"{name}_{head}": score for head, score in scores.items()}
            if name == "network":
                record["validation_loss"] = loss
            score = float(np.mean(list(scores.values())))
            if small is None and score > self.best:
                self.best = score
                replace_with(self.output / "best.keras", self.network.save)
        self.network.set_weights(weights)
        self.seconds += time.perf_counter() - began
        self.history.append(record | {"seconds": round(self.seconds, 1)})
        print("  ".join(f"{k} {v:.4g}" for k, v in self.history[-1].items()), flush=True)
        if self.recipe.schedule == "constant":
            self.network.optimizer.learning_rate = rate_after(self.recipe, self.history)
        ends = epoch + 1 == self.recipe.epochs or stops_early(self.recipe, self.history)
        if ends or time.perf_counter() - self.kept >= keep_every:
            self.save()

    def keep_snapshot(self) -> None:
        """Keeps the network as it is, to be averaged with later ones."""
        self.steps.sync()
        replace_with(self.output / f"snapshot-{self.step:06d}.keras", self.network.save)

    def save(self) -> None:
        """Writes a whole new checkpoint before the old one goes, so a full disk costs nothing."""
        self.steps.sync()
        self.kept = time.perf_counter()
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
            "device": _THEN.join(self.devices),
            "backend": keras.backend.backend(),
            "history": self.history,
        }
        text = json.dumps(state, indent=1) + "\n"
        replace_with(self.output / name, lambda path: np.savez(path, **arrays))
        replace_with(self.output / "training.json", lambda path: path.write_text(text))
        for old in self.output.glob("checkpoint-*.npz"):
            if old.name != name:
                old.unlink()


def _device() -> str:
    """What the network is trained on: an accelerator's name, or how many cores there are."""
    if keras.backend.backend() == "jax":
        import jax

        if jax.devices()[0].platform != "cpu":
            return str(jax.devices()[0].device_kind)
    return f"{os.cpu_count()} cores"


def validate(network: keras.Model, data: Examples) -> tuple[dict[str, float], float]:
    """`head_accuracies`, and the mean cross-entropy of the labels under the first head, in nats."""
    # In whole batches: an accelerator's compiler would compile the last again for its size alone.
    count = len(data)
    rows = np.arange(-(-count // _VALIDATION_BATCH) * _VALIDATION_BATCH) % count
    answers = network.predict(
        data.crops[rows][..., None].astype(np.float32), batch_size=_VALIDATION_BATCH, verbose=0
    )
    truth = {"fer_head": data.labels.argmax(1), "votes_head": data.votes.argmax(1)}
    logits = {head: answers[head][:count] for head in truth if head in answers}
    right = {head: values.argmax(1) == truth[head] for head, values in logits.items()}
    scores = {"fer_head": float(right["fer_head"].mean())}
    if "votes_head" in right and data.votes_weight.any():
        scores["votes_head"] = float(right["votes_head"][data.votes_weight > 0].mean())
    values = logits["fer_head"] - logits["fer_head"].max(1, keepdims=True)
    likelihood = values - np.log(np.exp(values).sum(1, keepdims=True))
    return scores, float(-(likelihood * data.labels).sum(1).mean())


def head_accuracies(network: keras.Model, data: Examples) -> dict[str, float]:
    """Each head's share of right answers on its own labels: FER-2013's, and the votes' winner."""
    return validate(network, data)[0]


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
