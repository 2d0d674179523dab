"""Lets trained networks teach another one."""

import hashlib
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from model.mixture import Logits, softmax
from train_resnet.measure.candidates import mean_of_networks, network_logits
from train_resnet.run.data import Examples


def ask(teachers: Sequence[str], faces: Examples) -> Logits:
    """Returns the mean of the teachers' logits over both views of each face; maps count by their means.

    Args:
        teachers: names of weights, `.tflite` or `.keras` files, or `.npz` files of `write_answers`,
            which replace networks that are not available here.
        faces: FER-2013's Training.

    Raises:
        ValueError: a teacher cannot be read, or its answers are about other faces.
    """
    answers = [
        read_answers(Path(teacher), faces)
        if teacher.endswith(".npz")
        else network_logits(teacher)(faces.crops, mirrored_view=True)
        for teacher in teachers
    ]
    return mean_of_networks(answers)


def write_answers(path: Path, answers: Logits, faces: Examples) -> None:
    """Writes both heads' logits for faces as float16, whose rounding is far below their errors.

    Args:
        path: the `.npz` file.
        answers: the logits from `ask`.
        faces: the faces. A hash of their labels lets a later run check that they are the same.
    """
    heads = {name: getattr(answers, name).astype(np.float16) for name in ("fer_head", "votes_head")}
    np.savez_compressed(path, faces=_digest(faces), **heads)


def read_answers(path: Path, faces: Examples) -> Logits:
    """Reads the answers that `write_answers` wrote for these faces; maps are reduced to their means.

    Args:
        path: the `.npz` file.
        faces: FER-2013's Training, from the same file in the same order.

    Raises:
        ValueError: the file cannot be read, or has answers for other faces.
    """
    try:
        with np.load(path) as arrays:
            about = str(arrays["faces"])
            heads = [arrays[name].astype(np.float32) for name in ("fer_head", "votes_head")]
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} holds no teachers' answers ({error}).") from error
    if about != _digest(faces):
        raise ValueError(f"{path} is about other faces, or about these in another order.")
    return Logits.of_heads(*heads)


def _digest(faces: Examples) -> str:
    return hashlib.sha256(faces.labels.argmax(1).astype(np.uint8).tobytes()).hexdigest()


def taught(faces: Examples, answers: Logits, share: float) -> Examples:
    """Moves the targets of faces towards the answers of trained networks.

    Hinton et al., "Distilling the Knowledge in a Neural Network" (2015). The teachers are asked once,
    about the unchanged faces. Asked about each changed image, they taught no better, and a run took
    half as long again (STUDY.md). For faces without votes, the votes head learns from them alone.

    Args:
        faces: the faces to learn from.
        answers: the teachers' logits for each face.
        share: the teachers' share of the targets, 0 to 1.
    """
    labels, votes = softmax(answers.fer_head), softmax(answers.votes_head)
    known = faces.votes_weight[:, None] > 0
    return replace(
        faces,
        labels=((1 - share) * faces.labels + share * labels).astype(np.float32),
        votes=np.where(known, (1 - share) * faces.votes + share * votes, votes).astype(np.float32),
        votes_weight=np.ones_like(faces.votes_weight),
    )
