"""Trained networks as teachers of another one."""

from dataclasses import replace

import numpy as np

from model.mixture import Logits, softmax
from train_resnet.dataset import Examples


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
