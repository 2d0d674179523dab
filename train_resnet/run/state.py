"""The state of a run, which a checkpoint keeps, so that the run can continue from it."""

import dataclasses
import json
import time
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np

from train_resnet.files import replace_with, write_json
from train_resnet.machine import cores, device
from train_resnet.run.augmentation import resize
from train_resnet.run.data import Examples
from train_resnet.run.network import build_network
from train_resnet.run.optimization import compile_network, rate_after, stops_early
from train_resnet.run.recipe import Recipe
from train_resnet.run.steps import steps_of
from train_resnet.run.validation import validate

# The running mean of the weights is updated once in this many steps.
AVERAGING_EVERY = 8
# Joins the names of the devices if a run continued on another one.
_THEN = ", then "
# Fields of old recipes whose code is gone, with the value that switched them off.
_RETIRED = {"sharpness": 0.0}


class Run:
    """The state of a run, all of which a checkpoint keeps."""

    def __init__(self, recipe: Recipe, output: Path, network: keras.Model) -> None:
        self.recipe = recipe
        self.output = output
        self.network = network
        self.steps = steps_of(network)
        self.mean = network.get_weights() if recipe.averaging else []
        self.step = 0
        self.seconds = 0.0
        self.kept = time.perf_counter()
        self.devices = [device()]
        self.best = -1.0
        self.history: list[dict[str, float]] = []
        self.checkpoint: str | None = None

    @classmethod
    def start(cls, recipe: Recipe, output: Path, steps: int, training: Examples) -> "Run":
        if (output / "training.json").exists():
            raise ValueError(f"{output} holds a run already: add --resume, or name another folder.")
        network = build_network(recipe)
        if recipe.pretrained:
            # Imported here: it also reads LiteRT's files, and a machine with an accelerator may lack LiteRT.
            from train_resnet.begin.pretrained import begin_with

            begin_with(network, recipe.pretrained, training.crops)
        compile_network(network, recipe, steps)
        return cls(recipe, output, network)

    @classmethod
    def resume(cls, recipe: Recipe, output: Path, steps: int) -> "Run":
        path = output / "training.json"
        if not path.exists():
            raise ValueError(f"{output} holds no checkpoint to resume.")
        state = json.loads(path.read_text())
        changed = _differences(state["recipe"], recipe)
        if changed:
            raise ValueError(
                f"{output} was trained by another recipe: {', '.join(changed)} differ."
            )
        network = build_network(recipe)
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
        run.checkpoint = state["checkpoint"]
        before = state["device"].split(_THEN)
        run.devices = before if before[-1] == device() else [*before, device()]
        return run

    def _variables(self) -> list[Any]:
        """Returns everything that training changes: weights, batch statistics, dropout seeds and momentum.

        A `.keras` file would not keep the seeds, nor which variables have no weight decay.
        """
        self.network.optimizer.build(self.network.trainable_variables)
        return [*self.network.variables, *self.network.optimizer.variables]

    def average(self) -> None:
        """Moves the running mean, batch statistics included, towards the present weights."""
        if not self.mean:
            return
        self.steps.sync()
        share = 1 - self.recipe.averaging**AVERAGING_EVERY
        # At first the mean follows faster, or it would be mostly the untrained weights.
        share = max(share, 1 / (1 + self.step / AVERAGING_EVERY))
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
        """Saves the present network, so that its answers can be averaged with later ones."""
        self.steps.sync()
        replace_with(self.output / f"snapshot-{self.step:06d}.keras", self.network.save)

    def save(self) -> None:
        """Writes a new checkpoint before it deletes the old one, so a full disk loses nothing."""
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
            "cores": cores(),
            "device": _THEN.join(self.devices),
            "backend": keras.backend.backend(),
            "history": self.history,
        }
        replace_with(self.output / name, lambda path: np.savez(path, **arrays))
        write_json(self.output / "training.json", state)
        if self.checkpoint is not None and self.checkpoint != name:
            (self.output / self.checkpoint).unlink(missing_ok=True)
        self.checkpoint = name


def _differences(kept: dict[str, Any], recipe: Recipe) -> list[str]:
    """Returns the fields in which a recipe differs from the one in a checkpoint."""
    wanted = json.loads(json.dumps(dataclasses.asdict(recipe)))
    wanted |= {name: off for name, off in _RETIRED.items() if name in kept}
    nothing = object()
    return [
        name for name in {**wanted, **kept} if kept.get(name, nothing) != wanted.get(name, nothing)
    ]
