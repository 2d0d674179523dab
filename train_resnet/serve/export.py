"""Trained networks to LiteRT, with the JSON that says how to use them."""

import contextlib
import hashlib
import io
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
from matplotlib.cbook import get_sample_data

from model.labels import EMOTIONS
from model.mixture import Mixture
from model.networks.heads import STANDARDISATION
from preprocessing.alignment import SIZE, TEMPLATE, align
from train_resnet.files import replace_with, write_json
from train_resnet.measure.networks import keras_logits


def to_litert(network: keras.Model) -> bytes:
    """The network as a LiteRT file that sees one face at a time.

    Kernels are kept in eight bits, with a scale for each filter, and what they are applied to is
    brought to eight bits as it comes: a quarter of the size, and a quarter of the time where the
    processor multiplies such numbers (AVX-512 VNNI). What that costs is in STUDY.md: nothing that
    could be measured. Kernels of every channel by itself stay float32: they are few, and LiteRT is
    slower with them in eight bits.

    Args:
        network: of `train_resnet.measure.networks.load_network`.
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


@dataclass(frozen=True, kw_only=True, eq=False)
class Weights:
    """Weights to serve, with all that their JSON says; `evaluate --record` adds the figures.

    Attributes:
        name: of the weights.
        version: of the weights.
        content: of `to_litert`.
        normalisation: of `normalisation`.
        mixture: how the answer is made.
        uncertain_below: the threshold of doubt.
        mirrored_view: whether faces are also seen mirrored.
        training: how the network was trained, with a list of its `members`.
        golden: of `golden_logits`.
    """

    name: str
    version: str
    content: bytes
    normalisation: str
    mixture: Mixture
    uncertain_below: float
    mirrored_view: bool = True
    training: dict[str, Any]
    golden: dict[str, list[list[float]]]

    def write(self, folder: Path) -> Path:
        """Writes the `.tflite` file and its JSON.

        Args:
            folder: where they go.

        Returns:
            The path of the `.tflite` file.
        """
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.name}.tflite"
        replace_with(path, lambda partial: partial.write_bytes(self.content))
        write_json(path.with_suffix(".json"), self._information())
        return path

    def _information(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "version": self.version,
            "sha256": hashlib.sha256(self.content).hexdigest(),
            "labels": list(EMOTIONS),
            "input": {
                "shape": [1, SIZE, SIZE, 1],
                "type": "float32",
                "values": "grey levels, 0 to 255",
                "normalisation": f"{self.normalisation}, inside the network",
            },
            "alignment": {
                "template": np.round(TEMPLATE.astype(np.float64), 4).tolist(),
                "order": "dlib's five landmarks",
                "size": SIZE,
            },
            "mirrored_view": self.mirrored_view,
            "mixture": asdict(self.mixture),
            "uncertain_below": self.uncertain_below,
            "training": self.training,
            "golden_logits": self.golden,
            "figures": {},
        }
