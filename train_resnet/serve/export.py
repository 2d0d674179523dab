"""Trained networks to LiteRT, with the JSON that says how to use them."""

import contextlib
import hashlib
import io
import json
import os
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
from matplotlib.cbook import get_sample_data

from model.labels import EMOTIONS
from model.mixture import Logits, Mixture
from model.networks.heads import STANDARDISATION, with_maps
from preprocessing.alignment import SIZE, TEMPLATE, align

_VIEWS_A_CALL = 256


def load_network(checkpoint: Path, side: int = SIZE) -> keras.Model:
    """A checkpoint in float32, whatever it was trained in, giving logits and maps.

    Args:
        checkpoint: a `.keras` file that `python -m train_resnet train` wrote.
        side: of the faces it is to see, in pixels.

    Raises:
        ValueError: the file is missing, damaged, or holds another kind of network.
    """
    try:
        trained = keras.models.load_model(checkpoint, compile=False)
        network = keras.models.clone_model(
            trained,
            input_tensors=keras.Input((side, side, 1), name="face"),
            clone_function=_in_float32,
        )
        network.set_weights(trained.get_weights())
        return with_maps(network)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{checkpoint} is no network of this project ({error}).") from error


def keras_logits(network: keras.Model, crops: np.ndarray, mirrored_view: bool) -> Logits:
    """What `model.Classifier.logits` gives, from Keras.

    Args:
        network: of `load_network`.
        crops: `(n, 48, 48)` uint8.
        mirrored_view: also see each face mirrored, and average.
    """

    def see(faces: np.ndarray) -> Logits:
        answers = network.predict(
            faces[..., None].astype(np.float32), batch_size=_VIEWS_A_CALL, verbose=0
        )
        if "votes_head" not in answers:  # The reports' networks have one answer for both.
            return Logits.of_heads(answers["fer_head"], answers["fer_head"])
        return Logits.stack([answers])

    if not mirrored_view:
        return see(crops)
    return Logits.mean([see(crops), see(crops[:, :, ::-1]).mirrored()])


def to_litert(network: keras.Model) -> bytes:
    """The network as a LiteRT file that sees one face at a time.

    Kernels are kept in eight bits, with a scale for each filter, and what they are applied to is
    brought to eight bits as it comes: a quarter of the size, and a quarter of the time where the
    processor multiplies such numbers (AVX-512 VNNI). What that costs is in STUDY.md: nothing that
    could be measured. Kernels of every channel by itself stay float32: they are few, and LiteRT is
    slower with them in eight bits.

    Args:
        network: of `load_network`.
    """
    # Only here: a machine that trains on another backend may lack them.
    from ai_edge_quantizer.qtyping import TFLOperationName
    from ai_edge_quantizer.quantizer import Quantizer

    one_face = keras.Input(batch_shape=(1, SIZE, SIZE, 1), name="face")
    fixed = keras.Model(one_face, network(one_face))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.tflite"
        fixed.export(str(path), format="litert", verbose=False)
        quantizer = Quantizer(str(path))
        quantizer.add_dynamic_config(".*", TFLOperationName.CONV_2D, num_bits=8)
        nowhere = io.StringIO()  # It prints its progress.
        with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
            return bytes(quantizer.quantize().quantized_model)


def normalisation(network: keras.Model) -> str:
    """What the network does first with the grey levels x, as a formula."""
    if any(layer.name == STANDARDISATION for layer in network.layers):
        return "(x - mean(x)) / sqrt(variance(x) + 1)"
    return "x / 127.5 - 1"


def golden_crops() -> np.ndarray:
    """Real crops to compare an export by: views of the face in matplotlib's Grace Hopper.

    Returns:
        `(8, 48, 48)` uint8: the aligned face and its mirror, each also darker, brighter and blurred.
    """
    # Only here: a machine that trains may lack dlib and the decoders of photographs.
    from preprocessing.faces import HogDetector
    from preprocessing.images import decode

    grey = cv2.cvtColor(
        decode(get_sample_data("grace_hopper.jpg", asfileobj=False)).pixels, cv2.COLOR_RGB2GRAY
    )
    [face] = HogDetector(min_face=80).detect(grey)
    crop = align(grey, face.landmarks)
    views = [crop, crop // 2, 255 - (255 - crop) // 2, cv2.GaussianBlur(crop, (5, 5), 0)]
    return np.stack([*views, *(view[:, ::-1] for view in views)])


def golden_logits(network: keras.Model) -> dict[str, list[list[float]]]:
    """What Keras says of `golden_crops`, kept in the weights' JSON for tests to hold LiteRT to."""
    logits = keras_logits(network, golden_crops(), mirrored_view=False)
    return {
        head: np.round(getattr(logits, head).astype(float), 5).tolist()
        for head in ("fer_head", "votes_head")
    }


def write_weights(
    name: str,
    version: str,
    content: bytes,
    normalisation: str,
    mixture: Mixture,
    uncertain_below: float,
    mirrored_view: bool,
    training: dict[str, Any],
    golden: dict[str, list[list[float]]],
    folder: Path,
) -> Path:
    """Writes weights and their JSON; figures are added by `python -m train_resnet evaluate`.

    Args:
        name: of the weights.
        version: of the weights.
        content: of `to_litert`.
        normalisation: of `normalisation`.
        mixture: how the answer is made.
        uncertain_below: the threshold of doubt.
        mirrored_view: whether faces are also seen mirrored.
        training: how the network was trained, with a list of its `members`.
        golden: of `golden_logits`.
        folder: where they go.

    Returns:
        The path of the `.tflite` file.
    """
    path = folder / f"{name}.tflite"
    info = {
        "name": name,
        "version": version,
        "sha256": hashlib.sha256(content).hexdigest(),
        "labels": list(EMOTIONS),
        "input": {
            "shape": [1, SIZE, SIZE, 1],
            "type": "float32",
            "values": "grey levels, 0 to 255",
            "normalisation": f"{normalisation}, inside the network",
        },
        "alignment": {
            "template": np.round(TEMPLATE.astype(np.float64), 4).tolist(),
            "order": "dlib's five landmarks",
            "size": SIZE,
        },
        "mirrored_view": mirrored_view,
        "mixture": asdict(mixture),
        "uncertain_below": uncertain_below,
        "training": training,
        "golden_logits": golden,
        "figures": {},
    }
    folder.mkdir(parents=True, exist_ok=True)
    for target, data in (
        (path, content),
        (path.with_suffix(".json"), (json.dumps(info, indent=1) + "\n").encode()),
    ):
        partial = target.with_name(f".{target.name}.{os.getpid()}")
        partial.write_bytes(data)
        partial.replace(target)
    return path


def _in_float32(layer: keras.layers.Layer) -> keras.layers.Layer:
    return layer.__class__.from_config({**layer.get_config(), "dtype": "float32"})
