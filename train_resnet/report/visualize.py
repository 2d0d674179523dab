"""What the layers of a served network make of a face, as one picture for teaching."""

from pathlib import Path

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from matplotlib.figure import Figure, SubFigure

from model.classifier import Classifier
from model.labels import EMOTIONS
from preprocessing.alignment import SIZE, align
from preprocessing.faces import HogDetector
from preprocessing.images import decode

_CHANNELS_SHOWN = 12


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


def plot_layers(classifier: Classifier, crop: np.ndarray, path: Path) -> None:
    """Draws a face, the liveliest channels of each resolution, and the evidence for each emotion.

    Args:
        classifier: whose network is looked into.
        crop: `(48, 48)` uint8.
        path: of the PNG.
    """
    layers = activations(classifier, crop)
    figure = Figure(figsize=(13, 1.45 * (len(layers) + 2.2)), layout="constrained")
    ratios = [1.2, *[1] * len(layers), 1.35]
    head, *stages, evidence = figure.subfigures(
        len(ratios), squeeze=False, height_ratios=ratios
    ).flat
    count = len(classifier.members)
    side_by_side = f"; below, the first of its {count} networks side by side" if count > 1 else ""
    head.suptitle(
        f"What {classifier.name} sees: {SIZE} x {SIZE} grey levels{side_by_side}", fontsize=10
    )
    axes = head.subplots()
    axes.imshow(crop, cmap="gray", vmin=0, vmax=255)
    axes.set_axis_off()
    for row, layer in zip(stages, layers, strict=True):
        height, width, channels = layer.shape
        liveliest = np.argsort(-layer.std((0, 1)))[:_CHANNELS_SHOWN]
        row.suptitle(
            f"{height} x {width} positions, {channels} channels"
            f" ({len(liveliest)} that vary most; bright is strong)",
            fontsize=10,
        )
        for axes in row.subplots(1, _CHANNELS_SHOWN).flat:
            axes.set_axis_off()
        for axes, channel in zip(row.axes, liveliest, strict=False):
            axes.imshow(layer[:, :, channel], cmap="magma")
    _plot_evidence(evidence, classifier, crop)
    figure.savefig(path, dpi=110)


def _plot_evidence(row: SubFigure, classifier: Classifier, crop: np.ndarray) -> None:
    logits = classifier.logits(crop[None])
    [probabilities] = classifier.mixture.probabilities(logits)["served"]
    [maps] = classifier.mixture.maps(logits)
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
