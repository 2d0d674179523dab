"""FER-2013 as arrays for training: aligned faces and the targets of both heads."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model.labels import EMOTIONS
from preprocessing import fer2013
from train_resnet.run.augmentation import augment
from train_resnet.run.recipe import Recipe


@dataclass(frozen=True)
class Examples:
    """Faces with the targets of both heads.

    Attributes:
        crops: `(n, 48, 48)` uint8, aligned.
        labels: `(n, 7)` float32, FER-2013's label, one-hot.
        votes: `(n, 7)` float32, the FER+ votes as a distribution.
        votes_weight: `(n,)` float32, 1 where the votes are enough to learn from, else 0.
    """

    crops: np.ndarray
    labels: np.ndarray
    votes: np.ndarray
    votes_weight: np.ndarray

    def __len__(self) -> int:
        return len(self.crops)


@dataclass(frozen=True)
class Batch:
    """The images and targets of one step, as `keras.Model.train_on_batch` takes them."""

    faces: np.ndarray  # (batch, 48, 48, 1) float32, 0 to 255
    targets: dict[str, np.ndarray]  # each (batch, 7) float32
    weights: dict[str, np.ndarray]  # each (batch,) float32


def examples(part: fer2013.Fer2013, cache: Path | None = None) -> Examples:
    """Aligns a part of FER-2013 and makes its targets. Without votes, the votes head learns nothing."""
    crops, _ = fer2013.aligned(part.images, cache)
    labels = np.eye(len(EMOTIONS), dtype=np.float32)[part.labels]
    if part.votes is None:
        return Examples(crops, labels, labels, np.zeros(len(part), np.float32))
    votes, valid = fer2013.vote_distribution(part.votes)
    return Examples(crops, labels, votes, valid.astype(np.float32))


def steps_per_epoch(data: Examples, recipe: Recipe) -> int:
    """Returns the number of whole batches per epoch. Left-over images come in other epochs."""
    return max(1, len(data) // recipe.batch_size)


def batches(data: Examples, recipe: Recipe, epoch: int, first: int = 0) -> Iterator[Batch]:
    """Yields the batches of one epoch, which a thread makes ahead.

    The order depends on the seed and the epoch, and an image's changes on the seed, the epoch and the
    step. So an epoch that was interrupted continues exactly as without the interruption.

    Args:
        data: the images and their targets.
        recipe: batch size, augmentation and seed.
        epoch: the epoch, counted from 0.
        first: the first step to make.
    """
    side = recipe.side(epoch)
    order = np.random.default_rng([recipe.seed, epoch]).permutation(len(data))

    def make(step: int) -> Batch:
        rng = np.random.default_rng([recipe.seed, epoch, step])
        chosen = order[step * recipe.batch_size : (step + 1) * recipe.batch_size]
        faces = augment(data.crops[chosen], recipe, rng, side)[..., None].astype(np.float32)
        batch = Batch(
            faces,
            {"fer_head": data.labels[chosen], "votes_head": data.votes[chosen]},
            {
                "fer_head": np.ones(len(chosen), np.float32),
                "votes_head": data.votes_weight[chosen],
            },
        )
        return blend(batch, float(rng.beta(recipe.mixup, recipe.mixup))) if recipe.mixup else batch

    ahead: deque[Future[Batch]] = deque()
    with ThreadPoolExecutor(2) as pool:
        for step in range(first, steps_per_epoch(data, recipe)):
            ahead.append(pool.submit(make, step))
            if len(ahead) > 4:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def blend(batch: Batch, share: float) -> Batch:
    """Blends each image and its targets with another image of the batch.

    Zhang et al., "mixup: Beyond Empirical Risk Minimization" (ICLR 2018).

    Args:
        batch: images in random order, so the reversed batch gives each image a random partner.
        share: the share of the first image of each pair, 0 to 1.
    """

    def mix(values: np.ndarray) -> np.ndarray:
        return np.float32(share) * values + np.float32(1 - share) * values[::-1]

    targets, weights = {}, {}
    for head, target in batch.targets.items():
        weight = batch.weights[head]
        weights[head] = mix(weight)
        # A row without a target does not count in its pair's target.
        total = mix(target * weight[:, None])
        share_of_target = np.maximum(weights[head], 1e-6)[:, None]
        targets[head] = np.where(weights[head][:, None] > 0, total / share_of_target, target)
    return Batch(mix(batch.faces), targets, weights)
