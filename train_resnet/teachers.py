"""Trained networks as teachers of another one."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from model.mixture import softmax
from preprocessing.alignment import SIZE
from train_resnet.export import load_network
from train_resnet.training import Teacher


def ensemble(checkpoints: Sequence[Path]) -> Teacher:
    """Teachers that answer together, by the mean of their logits.

    Args:
        checkpoints: `.keras` files that `python -m train_resnet train` wrote.

    Raises:
        ValueError: one of them cannot be read.
    """
    networks = [load_network(checkpoint) for checkpoint in checkpoints]

    def teach(faces: np.ndarray) -> dict[str, np.ndarray]:
        # They have learned faces of 48 pixels, whatever the size their pupil begins with.
        if faces.shape[1] != SIZE:
            faces = np.stack([cv2.resize(face, (SIZE, SIZE))[..., None] for face in faces])
        answers = [network.predict_on_batch(faces) for network in networks]
        return {
            head: softmax(np.mean([answer[head] for answer in answers], axis=0))
            for head in ("fer_head", "votes_head")
        }

    return teach
