"""Trained networks as they are measured: in float32, on faces, from one view or from both."""

from pathlib import Path

import keras
import numpy as np

from model.mixture import Logits
from model.networks.heads import with_maps
from preprocessing.alignment import SIZE

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


def _in_float32(layer: keras.layers.Layer) -> keras.layers.Layer:
    return layer.__class__.from_config({**layer.get_config(), "dtype": "float32"})
