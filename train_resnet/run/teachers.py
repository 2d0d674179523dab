"""Trained networks as teachers of another one."""

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
    """The mean of teachers' logits for faces, from both views of each; of the maps only their means.

    Args:
        teachers: names of weights, `.tflite` or `.keras` files, or `.npz` files of `write_answers`,
            which stand for networks that need not be at hand.
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
    """Writes the logits of both heads for faces, in float16, which is far finer than they are sure.

    Args:
        path: the `.npz` file.
        answers: of `ask`.
        faces: what they are about; a hash of their labels tells later whether they are the same.
    """
    heads = {name: getattr(answers, name).astype(np.float16) for name in ("fer_head", "votes_head")}
    np.savez_compressed(path, faces=_digest(faces), **heads)


def read_answers(path: Path, faces: Examples) -> Logits:
    """Reads what `write_answers` wrote about these faces; of the maps only their means are left.

    Args:
        path: the `.npz` file.
        faces: FER-2013's Training, from the same file in the same order.

    Raises:
        ValueError: the file cannot be read, or is about other faces.
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
    """Moves the targets of faces towards what trained networks say of them.

    Hinton et al., "Distilling the Knowledge in a Neural Network" (2015). They are asked once, about
    the faces as they are: asked about each changed image they taught no better, and a run took half
    as long again (STUDY.md). Faces without votes learn the votes head's answer from them alone.

    Args:
        faces: to learn from.
        answers: the teachers' logits for each of them.
        share: of the teachers in the targets, 0 to 1.
    """
    labels, votes = softmax(answers.fer_head), softmax(answers.votes_head)
    known = faces.votes_weight[:, None] > 0
    return replace(
        faces,
        labels=((1 - share) * faces.labels + share * labels).astype(np.float32),
        votes=np.where(known, (1 - share) * faces.votes + share * votes, votes).astype(np.float32),
        votes_weight=np.ones_like(faces.votes_weight),
    )
