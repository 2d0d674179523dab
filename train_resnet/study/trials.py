"""The study behind the recipe: short runs that each change one thing, and the table of them.

PublicTest alone is read. A run is a narrow network on small images for a few epochs, so its figures
say which way is better, not what the released network reaches. Two runs differ by the seed alone;
what differs by less than they do is undecided.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from preprocessing import fer2013
from train_resnet.run.data import Examples, examples
from train_resnet.run.recipe import Recipe

# What every run is but for the one thing it changes.
BASE = Recipe(
    arch="resnet18-w16",
    epochs=6,
    learning_rate=0.1,
    kernel_rate=0.0,
    label_smoothing=0.1,
    dropout=0.2,
    interpolation="linear",
    degradation=0.25,
    erasing=0.3,
    early_share=0.0,
)
_SIDE = 32
_LAST_CODE = "5376364"
# What the trials before it led to: the values of version 3, at the size of these runs.
_VERSION_3 = {
    "arch": "resnet18-w16-std",
    "learning_rate": 0.15,
    "label_smoothing": 0.0,
    "dropout": 0.0,
    "interpolation": "cubic",
    "degradation": 0.2,
    "erasing": 0.15,
}


@dataclass(frozen=True)
class Trial:
    """One run of the study.

    Attributes:
        name: of the run's folder.
        question: the row's heading: what is to be decided.
        change: what differs from `BASE`, in words.
        recipe: fields of `Recipe` that differ.
        learn: what it learns from, made of FER-2013's Training.
        framing: how much larger a face is shown than the alignment's template has it.
        side: of the images in pixels.
        last_code: last commit whose code can run the trial, where the study decided against it and
            the code is gone; its figures stay.
    """

    name: str
    question: str
    change: str
    recipe: dict[str, Any] = field(default_factory=dict)
    learn: Callable[[fer2013.Fer2013], Examples] = examples
    framing: float = 1.0
    side: int = _SIDE
    last_code: str = ""


def _raw(part: fer2013.Fer2013) -> Examples:
    return replace(examples(part), crops=part.images)


def _raw_and_aligned(part: fer2013.Fer2013) -> Examples:
    """Every other image raw: as many images an epoch, of both kinds."""
    faces = examples(part)
    odd = (np.arange(len(part)) % 2 == 1)[:, None, None]
    return replace(faces, crops=np.where(odd, part.images, faces.crops))


def _labels_alone(part: fer2013.Fer2013) -> Examples:
    faces = examples(part)
    return replace(faces, votes_weight=np.zeros_like(faces.votes_weight))


def _votes_alone(part: fer2013.Fer2013) -> Examples:
    """Both heads learn the votes; rows without enough of them keep their label."""
    faces = examples(part)
    known = faces.votes_weight[:, None] > 0
    return replace(faces, labels=np.where(known, faces.votes, faces.labels))


def _one_target(part: fer2013.Fer2013) -> Examples:
    """Both heads learn the mean of label and votes: one head in all but name."""
    faces = examples(part)
    known = faces.votes_weight[:, None] > 0
    mean = np.where(known, (faces.labels + faces.votes) / 2, faces.labels)
    return replace(faces, labels=mean, votes=mean, votes_weight=np.ones_like(faces.votes_weight))


def _every_vote(part: fer2013.Fer2013) -> Examples:
    """Rows with a single vote for the seven emotions count too."""
    assert part.votes is not None
    faces = examples(part)
    votes, _ = fer2013.vote_distribution(part.votes)
    return replace(faces, votes_weight=(votes.max(1) > votes.min(1)).astype(np.float32))


def _winners_alone(part: fer2013.Fer2013) -> Examples:
    """Of the votes only their single winner, one-hot; ties, unknown and others are left out."""
    assert part.votes is not None
    winners = fer2013.vote_majority(part.votes)
    hot = np.eye(len(fer2013.CLASSES), dtype=np.float32)[winners]
    return replace(examples(part), votes=hot, votes_weight=(winners >= 0).astype(np.float32))


TRIALS = (
    Trial("base", "noise", "nothing"),
    Trial("seed-1", "noise", "another seed", {"seed": 1}),
    Trial("raw", "faces", "raw in training, aligned in the test", learn=_raw),
    Trial("mixed", "faces", "every other one raw in training", learn=_raw_and_aligned),
    Trial("tighter", "framing", "1.15 times larger", framing=1.15),
    Trial("looser", "framing", "0.87 times as large", framing=0.87),
    Trial("labels", "labels", "FER-2013's alone", learn=_labels_alone),
    Trial("votes", "labels", "votes for both heads", learn=_votes_alone),
    Trial("one-head", "labels", "one target, the mean of label and votes", learn=_one_target),
    Trial("every-vote", "votes", "rows with one vote count too", learn=_every_vote),
    Trial("winners", "votes", "the single winner, without ties and unknown", learn=_winners_alone),
    Trial("no-degradation", "degradation", "none", {"degradation": 0.0}),
    Trial("degradation-0.5", "degradation", "of half the images", {"degradation": 0.5}),
    Trial("no-erasing", "erasing", "none", {"erasing": 0.0}),
    Trial("cubic", "interpolation of moved images", "cubic", {"interpolation": "cubic"}),
    Trial("standardised", "light and contrast", "each face to mean 0, deviation 1, and cubic",
          {"arch": "resnet18-w16-std", "interpolation": "cubic"}),
    Trial("mixup", "mixup", "alpha 0.2", {"mixup": 0.2}),
    Trial("no-smoothing", "label smoothing", "none", {"label_smoothing": 0.0}),
    Trial("no-dropout", "dropout", "none", {"dropout": 0.0}),
    Trial("sharpness", "sharpness-aware steps", "radius 0.05", last_code=_LAST_CODE),
    Trial("rate-0.05", "schedule", "learning rate 0.05", {"learning_rate": 0.05}),
    Trial("rate-0.2", "schedule", "learning rate 0.2", {"learning_rate": 0.2}),
    Trial("decay-2.5e-3", "weight decay", "half as much", {"weight_decay": 2.5e-3}),
    Trial("decay-1e-2", "weight decay", "twice as much", {"weight_decay": 1e-2}),
    Trial("together", "all together", "version 3's values", _VERSION_3),
    Trial("together-muon", "all together", "and orthogonalised steps",
          {**_VERSION_3, "kernel_rate": 0.03}),
    Trial("dlib", "first weights", "dlib's face recognition, 48 px, version 3's values, orthogonalised",
          last_code=_LAST_CODE),
    Trial("epochs-12", "length", "12 epochs", {"epochs": 12}),
    Trial("width-24", "size", "24 channels", {"arch": "resnet18-w24"}),
    Trial("width-32", "size", "32 channels", {"arch": "resnet18-w32"}),
    Trial("depth-34", "size", "ResNet-34", {"arch": "resnet34-w16"}),
    Trial("squeeze", "size", "squeeze and excitation", last_code=_LAST_CODE),
    Trial("mini-xception", "size", "mini-Xception", {"arch": "mini-xception-two-heads"}),
    Trial("48-px", "resolution", "48 px", side=48),
    Trial("64-px", "resolution", "64 px, enlarged", side=64),
    Trial("taught", "distillation", "taught by version 8", {"teachers": ("resnet",)}),
)  # fmt: skip


def named(names: Sequence[str]) -> list[Trial]:
    """The trials of these names that can be run, in the order of the table; all where none is named.

    Raises:
        ValueError: there is no such trial, or its code is gone.
    """
    known = {trial.name: trial for trial in TRIALS}
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise ValueError(f"A trial is one of {', '.join(known)}. Received: {', '.join(unknown)}")
    for name in names:
        if known[name].last_code:
            raise ValueError(
                f"{name} needs code that is gone: check out {known[name].last_code} to run it."
            )
    return [t for t in TRIALS if (t.name in names if names else not t.last_code)]
