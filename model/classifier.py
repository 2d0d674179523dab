"""Classifies aligned faces on LiteRT, with weights that are checked before use."""

import hashlib
import json
import threading
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from model.labels import EMOTIONS
from model.mixture import Logits, Mixture
from preprocessing.alignment import SIZE, TEMPLATE

WEIGHTS = Path(__file__).parent / "weights"


class InvalidWeights(ValueError):
    """Weights cannot be used; the message names the file and the remedy."""


def load(name: str | Path = "resnet") -> "Classifier":
    """Checks weights and loads them as a classifier.

    Args:
        name: the name of weights in `model/weights`, or the path of a `.tflite` file with its
            `.json` beside it.

    Raises:
        InvalidWeights: a file is missing, does not match its JSON, or was made for another alignment
            or other labels.

    Example:

    ```python
    classifier = load("resnet")
    probabilities = classifier.predict(crops)  # (n, 48, 48) uint8 -> (n, 7) float32
    ```
    """
    path, information = _files(name)
    try:
        info = json.loads(information.read_text(encoding="utf-8"))
        mixture = Mixture(**info["mixture"])
        expected, labels = info["sha256"], tuple(info["labels"])
        template = np.array(info["alignment"]["template"], np.float32)
        threshold = float(info["uncertain_below"])
        mirrored = bool(info["mirrored_view"])
        identity = str(info["name"]), str(info["version"])
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidWeights(
            f"{information} cannot be read ({error!r}); export it again."
        ) from error
    content = path.read_bytes()
    actual = hashlib.sha256(content).hexdigest()
    if actual != expected:
        raise InvalidWeights(
            f"{path} has the SHA-256 {actual[:12]}..., and {information.name} says {expected[:12]}...:"
            " the file is damaged or of another version. Check it out again, or export it again."
        )
    if (
        labels != EMOTIONS
        or template.shape != TEMPLATE.shape
        or not np.allclose(template, TEMPLATE)
    ):
        raise InvalidWeights(
            f"{information}: was made for other labels or another alignment; export it again."
        )
    return Classifier(*identity, actual, content, mixture, threshold, mirrored, info)


def describe(name: str | Path = "resnet") -> dict[str, Any]:
    """Reads the weights' JSON, without loading or checking the weights.

    Args:
        name: the name or path, as for `load`.

    Raises:
        InvalidWeights: a file is missing, or the JSON cannot be read.
    """
    _, information = _files(name)
    try:
        return dict(json.loads(information.read_text(encoding="utf-8")))
    except ValueError as error:
        raise InvalidWeights(
            f"{information} cannot be read ({error!r}); export it again."
        ) from error


def _files(name: str | Path) -> tuple[Path, Path]:
    path = Path(name) if Path(name).suffix == ".tflite" else WEIGHTS / f"{name}.tflite"
    if not path.exists() and path.parent == WEIGHTS:
        known = ", ".join(sorted(file.stem for file in WEIGHTS.glob("*.tflite"))) or "none"
        raise InvalidWeights(
            f"There are no weights {str(name)!r} in model/weights (known: {known}). Check the clone"
            f" out again, or make them: python -m train_resnet export --name {name} ..."
        )
    information = path.with_suffix(".json")
    for file in (path, information):
        if not file.exists():
            raise InvalidWeights(f"{file} is missing; weights are a .tflite and a .json beside it.")
    return path, information


@dataclass(frozen=True, eq=False)
class Classifier:
    """Gives aligned faces their probabilities. Threads may share one, and it can be pickled.

    Attributes:
        name: the weights' name.
        version: the weights' version.
        sha256: the SHA-256 of the `.tflite` file, in hexadecimal.
        content: the bytes of the `.tflite` file.
        mixture: combines the two heads into the answer.
        uncertain_below: the probability below which an answer is called uncertain.
        mirrored_view: whether the network also sees each face mirrored; the logits are averaged.
        info: the contents of the weights' JSON.
    """

    name: str
    version: str
    sha256: str
    content: bytes
    mixture: Mixture
    uncertain_below: float
    mirrored_view: bool
    info: dict[str, Any]

    @property
    def members(self) -> list[dict[str, Any]]:
        """How each network in these weights was trained: recipe, minutes, cores, backend, history."""
        training = self.info["training"]
        # Older weights, with a single network, have no list.
        return list(training.get("members", [training]))

    def __getstate__(self) -> dict[str, Any]:
        # Without the interpreter: each process builds its own.
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @cached_property
    def _network(self) -> "_Network":
        return _Network(self.content)

    def predict(self, crops: np.ndarray) -> np.ndarray:
        """Returns the served probabilities.

        Args:
            crops: `(n, 48, 48)` uint8, aligned faces.

        Returns:
            `(n, 7)` float32, rows that sum to 1, in the order of `model.labels.EMOTIONS`.
        """
        return self.mixture.probabilities(self.logits(crops))["served"]

    def logits(self, crops: np.ndarray, mirrored: bool = True) -> Logits:
        """Returns both heads' logits and maps, averaged over the views.

        Args:
            crops: `(n, 48, 48)` uint8, aligned faces.
            mirrored: whether to use the mirrored view, if these weights have one.
        """
        crops = np.asarray(crops)
        if crops.ndim != 3 or crops.shape[1:] != (SIZE, SIZE) or crops.dtype != np.uint8:
            raise ValueError(
                f"Crops must be (n, {SIZE}, {SIZE}) uint8. Received: {crops.shape} {crops.dtype}"
            )
        logits = self._network(crops)
        if not (mirrored and self.mirrored_view):
            return logits
        return Logits.mean([logits, self._network(crops[:, :, ::-1]).mirrored()])


class _Network:
    """A LiteRT interpreter that processes one face and serves one thread at a time."""

    def __init__(self, content: bytes) -> None:
        self._interpreter = Interpreter(model_content=content, num_threads=1)
        self._run = self._interpreter.get_signature_runner()
        [self._input] = self._run.get_input_details()
        self._lock = threading.Lock()

    def __call__(self, crops: np.ndarray) -> Logits:
        faces = crops[..., None].astype(np.float32)
        with self._lock:
            answers = [self._run(**{self._input: face[None]}) for face in faces]
        return Logits.stack(answers)
