"""What the layers of a network make of a face, as one picture for teaching."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from matplotlib.figure import Figure, SubFigure

from model.classifier import Classifier
from model.labels import COLOURS, EMOTIONS
from model.mixture import softmax
from preprocessing.alignment import SIZE, align
from preprocessing.faces import HogDetector
from preprocessing.images import decode

if TYPE_CHECKING:
    import keras

_CHANNELS_SHOWN = 12
_INSIDE = "inside"


@dataclass(frozen=True, eq=False)
class Look:
    """What a network makes of a face.

    Attributes:
        title: the text above the picture.
        layers: the name of each layer, or "", and what it gives, `(height, width, channels)`.
        probabilities: `(7,)`, its answer.
        maps: `(side, side, 7)`, the evidence for each emotion; None if the network has no maps.
    """

    title: str
    layers: list[tuple[str, np.ndarray]]
    probabilities: np.ndarray
    maps: np.ndarray | None


def largest_face(picture: Path) -> np.ndarray:
    """The aligned crop of a picture's largest face.

    Args:
        picture: a file that `preprocessing.images.decode` reads.

    Returns:
        `(48, 48)` uint8.

    Raises:
        ValueError: the picture cannot be read, or shows no face.
    """
    grey = cv2.cvtColor(decode(picture).pixels, cv2.COLOR_RGB2GRAY)
    faces = HogDetector(min_face=40).detect(grey)
    if not faces:
        raise ValueError(f"{picture}: no face found.")
    return align(grey, max(faces, key=lambda face: face.box[2]).landmarks)


def activations(classifier: Classifier, crop: np.ndarray) -> list[np.ndarray]:
    """The output of the last rectifier of each resolution, of networks side by side the first's.

    Args:
        classifier: whose network is looked into.
        crop: `(48, 48)` uint8.

    Returns:
        Arrays of `(height, width, channels)` float32, in the order of the layers.
    """
    # XNNPACK would fuse the layers and keep nothing of what passes between them.
    interpreter = Interpreter(
        model_content=classifier.content,
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    interpreter.allocate_tensors()
    [face] = interpreter.get_input_details()
    interpreter.set_tensor(face["index"], crop[None, ..., None].astype(np.float32))
    interpreter.invoke()
    first = "trunk1_" if len(classifier.members) > 1 else ""
    last = {
        tuple(tensor["shape"]): tensor["index"]
        for tensor in interpreter.get_tensor_details()
        if "Relu" in tensor["name"] and first in tensor["name"] and len(tensor["shape"]) == 4
    }
    return [interpreter.get_tensor(index)[0] for index in last.values()]


def look_of_weights(classifier: Classifier, crop: np.ndarray) -> Look:
    """What served weights make of a face, `(48, 48)` uint8, in the last rectifiers of `activations`."""
    logits = classifier.logits(crop[None])
    count = len(classifier.members)
    first = f"; below, the first of its {count} networks side by side" if count > 1 else ""
    return Look(
        f"What {classifier.name} sees: {SIZE} x {SIZE} grey levels{first}",
        [("", layer) for layer in activations(classifier, crop)],
        classifier.mixture.probabilities(logits)["served"][0],
        classifier.mixture.maps(logits)[0],
    )


def look_of_checkpoint(checkpoint: Path, crop: np.ndarray, names: Sequence[str] = ()) -> Look:
    """What a trained network makes of a face.

    Args:
        checkpoint: a `.keras` file that `python -m train_resnet train` or `compare` wrote.
        crop: `(48, 48)` uint8.
        names: layers to look into. By default the last nonlinear layer of each resolution.

    Raises:
        ValueError: the file is no network, or has no layer of such a name that gives maps.
    """
    import keras

    from train_resnet.measure.networks import load_network

    network = load_network(checkpoint)
    known = {
        layer.name: layer
        for layer in network.layers
        if not isinstance(layer, keras.layers.InputLayer) and len(layer.output.shape) == 4
    }
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(
            f"{checkpoint} has no layer {', '.join(unknown)} that gives maps. Those that do:"
            f" {', '.join(known)}."
        )
    chosen = [known[name] for name in names] or _last_nonlinear(list(known.values()))
    inside = keras.Model(
        network.input, {**network.output, _INSIDE: [each.output for each in chosen]}
    )
    answers = inside.predict(crop[None, ..., None].astype(np.float32), verbose=0)
    return Look(
        f"What {network.name} in {checkpoint} sees: {SIZE} x {SIZE} grey levels",
        [(layer.name, array[0]) for layer, array in zip(chosen, answers[_INSIDE], strict=True)],
        softmax(answers["fer_head"])[0],
        answers["fer_maps"][0] if "fer_maps" in answers else None,
    )


def _last_nonlinear(layers: Sequence["keras.layers.Layer"]) -> list["keras.layers.Layer"]:
    """The last layer of each resolution that is, or ends in, a nonlinear function."""
    import keras

    last: dict[tuple[int, ...], keras.layers.Layer] = {}
    for layer in layers:
        function = getattr(layer, "activation", keras.activations.linear)
        if isinstance(layer, keras.layers.ReLU) or function is not keras.activations.linear:
            last[layer.output.shape[1:3]] = layer
    return [layer for layer in layers if layer in last.values()]


def plot_look(look: Look, crop: np.ndarray, path: Path) -> None:
    """Draws a face, the liveliest channels of each layer, and the answer.

    Args:
        look: what a network makes of the face.
        crop: the face, `(48, 48)` uint8.
        path: the PNG to write.
    """
    figure = Figure(figsize=(13, 1.45 * (len(look.layers) + 2.5)), layout="constrained")
    ratios = [1.2, *[1] * len(look.layers), 1.45]
    head, *stages, answer = figure.subfigures(len(ratios), squeeze=False, height_ratios=ratios).flat
    head.suptitle(look.title, fontsize=10)
    axes = head.subplots()
    axes.imshow(crop, cmap="gray", vmin=0, vmax=255)
    axes.set_axis_off()
    for row, (name, layer) in zip(stages, look.layers, strict=True):
        height, width, channels = layer.shape
        liveliest = np.argsort(-layer.std((0, 1)))[:_CHANNELS_SHOWN]
        row.suptitle(
            f"{name and name + ': '}{height} x {width} positions, {channels} channels"
            f" ({len(liveliest)} that vary most; bright is strong)",
            fontsize=10,
        )
        for axes in row.subplots(1, _CHANNELS_SHOWN).flat:
            axes.set_axis_off()
        for axes, channel in zip(row.axes, liveliest, strict=False):
            axes.imshow(layer[:, :, channel], cmap="magma")
    if look.maps is None:
        _plot_answer(answer, look.probabilities)
    else:
        _plot_evidence(answer, look.probabilities, look.maps, crop)
    figure.savefig(path, dpi=110)


def _plot_answer(row: SubFigure, probabilities: np.ndarray) -> None:
    row.suptitle("The answer", fontsize=10)
    axes = row.subplots()
    bars = axes.bar(
        EMOTIONS,
        probabilities,
        color=[COLOURS[name] for name in EMOTIONS],
        edgecolor="black",
        lw=0.6,
    )
    axes.bar_label(bars, [f"{share:.0%}" for share in probabilities], fontsize=9, padding=2)
    axes.set_ylim(0, 1.2 * probabilities.max())
    axes.set_yticks([])
    axes.spines[["top", "left", "right"]].set_visible(False)


def _plot_evidence(
    row: SubFigure, probabilities: np.ndarray, maps: np.ndarray, crop: np.ndarray
) -> None:
    # Only differences between emotions count: the softmax takes no notice of what all have in common.
    maps = maps - maps.mean(-1, keepdims=True)
    strongest = float(np.abs(maps).max())
    row.suptitle("Evidence for each emotion: red speaks for it, blue against it", fontsize=10)
    for index, axes in enumerate(row.subplots(1, len(EMOTIONS)).flat):
        large = cv2.resize(maps[:, :, index], (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
        axes.imshow(crop, cmap="gray", vmin=0, vmax=255)
        axes.imshow(large, cmap="RdBu_r", vmin=-strongest, vmax=strongest, alpha=0.55)
        axes.set_title(f"{EMOTIONS[index]} {probabilities[index]:.0%}", fontsize=10)
        axes.set_axis_off()
