"""Accuracy on degraded pictures: poor light, blur, compression, noise, few pixels, turns, covers."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from tqdm import tqdm

from model.mixture import Mixture
from preprocessing import fer2013
from preprocessing.alignment import SIZE
from train_resnet.measure.evaluation import Predictor, truths
from train_resnet.measure.metrics import bootstrap_interval
from train_resnet.run.degradation import (
    add_noise,
    blur,
    compress,
    cover,
    darken,
    flatten,
    gamma,
    shrink,
    turn,
)

# Each label set's own head.
_HEADS = {"fer2013": "fer_head", "ferplus": "votes_head"}

Change = Callable[[np.ndarray], np.ndarray]

# What is covered, in rows and columns of the aligned crop, whose eyes lie in row 18 and whose nose
# ends in row 32: from the brows to below the eyes, and what a mask of cloth covers.
_EYES = (slice(11, 25), slice(5, 43))
_MOUTH = (slice(27, SIZE), slice(5, 43))


@dataclass(frozen=True)
class Condition:
    """One way of degrading a picture.

    Attributes:
        kind: what is done, as in the table.
        degree: how much of it, as in the table.
        change: does it to one image of `(48, 48)` uint8.
        aligned: whether to the aligned crop; else to the picture, before a face is looked for.
    """

    kind: str
    degree: str
    change: Change
    aligned: bool = False


def _with_noise(sigma: float) -> Change:
    # One generator for each image, so that an image's noise does not depend on those before it.
    return lambda image: add_noise(image, sigma, np.random.default_rng(int(image.sum())))


CONDITIONS = (
    *(Condition("darkened", f"to {s:.0%}", partial(darken, share=s)) for s in (0.5, 0.25, 0.125)),
    *(Condition("low contrast", f"{s:.0%}", partial(flatten, share=s)) for s in (0.5, 0.25)),
    *(Condition("gamma", f"{e:g}", partial(gamma, exponent=e)) for e in (0.4, 2.5)),
    *(Condition("blur", f"{s} px", partial(blur, sigma=s)) for s in (1, 2)),
    *(Condition("JPEG", f"quality {q}", partial(compress, quality=q)) for q in (30, 20, 10)),
    *(Condition("noise", f"{s} levels", _with_noise(s)) for s in (10, 20)),
    Condition("few pixels", "24 px", partial(shrink, side=24)),
    *(Condition("turned", f"{d:+d}°", partial(turn, degrees=d)) for d in (-30, -15, 15, 30)),
    Condition("covered", "eyes", partial(cover, area=_EYES), aligned=True),
    Condition("covered", "mouth", partial(cover, area=_MOUTH), aligned=True),
)


def measure_robustness(
    predict: Predictor, mixture: Mixture, part: fer2013.Fer2013
) -> list[dict[str, Any]]:
    """Measures a network on degraded images, which take the whole path from detection on.

    Args:
        predict: gives `(n, 48, 48)` crops their logits.
        mixture: makes the served answer.
        part: the images and labels to measure on.

    Returns:
        Records for clean images and each of `CONDITIONS`, one for each head on its own labels and for
        the served answer on both: `kind`, `degree`, `labels`, `output`, `n`, `accuracy`,
        `accuracy_interval`, and `faces_found`, the share in which the detector still finds one.
    """
    clean = Condition("clean", "", lambda crop: crop, aligned=True)
    records = []
    for condition in tqdm((clean, *CONDITIONS), desc="robustness", unit="condition"):
        if condition.aligned:
            crops, found = fer2013.aligned(part.images)
            crops = np.stack([condition.change(crop) for crop in crops])
        else:
            crops, found = fer2013.align_images(
                np.stack([condition.change(i) for i in part.images])
            )
        answers = mixture.probabilities(predict(crops))
        for labels, truth in truths(part).items():
            rows = truth >= 0
            for output in (_HEADS[labels], "served"):
                right = answers[output][rows].argmax(1) == truth[rows]
                record = {
                    "kind": condition.kind,
                    "degree": condition.degree,
                    "labels": labels,
                    "output": output,
                    "n": int(rows.sum()),
                    "accuracy": float(right.mean()),
                    "accuracy_interval": bootstrap_interval(right),
                    "faces_found": float(found.mean()),
                }
                records.append(record)
    return records
