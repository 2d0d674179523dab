"""What FER-2013 holds, as plots: its classes, and images of each."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from model.labels import COLOURS, EMOTIONS
from preprocessing.fer2013 import SPLITS, Fer2013, vote_majority

_ACROSS = 14
# Of each split's bars: the colours tell the emotions apart.
_OPACITY = (1.0, 0.6, 0.3)


def plot_classes(data: Fer2013, path: Path) -> None:
    """Draws which share of each split has each label, and each FER+ winner if there are votes.

    Args:
        data: FER-2013.
        path: the PNG to write.
    """
    truths = [("FER-2013 labels", data.labels)]
    if data.votes is not None:
        truths.append(("FER+ winners", vote_majority(data.votes)))
    figure = Figure(figsize=(7 * len(truths), 5.6), layout="constrained")
    panels = figure.subplots(1, len(truths), squeeze=False, sharex=True).flat
    for axes, (title, truth) in zip(panels, truths, strict=True):
        _plot_shares(axes, data.usage, truth)
        axes.set_title(title)
    figure.savefig(path, dpi=120)


def _plot_shares(axes: Axes, usage: np.ndarray, truth: np.ndarray) -> None:
    """Draws a group of bars for each emotion, a bar for each split, with the count at its end."""
    splits = [split for split in SPLITS if (usage == split).any()]
    height = 0.82 / len(splits)
    for number, split in enumerate(splits):
        counts = np.bincount(truth[(usage == split) & (truth >= 0)], minlength=len(EMOTIONS))
        total = max(1, int(counts.sum()))
        rows = np.arange(len(EMOTIONS)) + height * (number - (len(splits) - 1) / 2)
        bars = axes.barh(
            rows,
            100 * counts / total,
            height=height,
            color=list(COLOURS.values()),
            alpha=_OPACITY[number],
            edgecolor="black",
            linewidth=0.6,
            label=f"{split}: {total:,} images",
        )
        axes.bar_label(bars, [f"{count:,}" for count in counts], padding=3, fontsize=8)
    axes.set_yticks(range(len(EMOTIONS)), EMOTIONS)
    axes.invert_yaxis()
    axes.set_xlabel("share of the split, %; beside each bar the number of images")
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.12)
    legend = axes.legend(
        loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=len(splits), fontsize=9, frameon=False
    )
    for number, patch in enumerate(legend.get_patches()):
        patch.set(facecolor="black", alpha=_OPACITY[number])


def sample_sheet(data: Fer2013, path: Path) -> None:
    """Draws the same random images of each emotion every time; FER+ winners that differ below them.

    Args:
        data: FER-2013; the images are Training's, or those of the first split that has any.
        path: the PNG to write. It shows people, so it does not belong into a repository.
    """
    split = next(split for split in SPLITS if (data.usage == split).any())
    part = data.split(split)
    winners = None if part.votes is None else vote_majority(part.votes)
    rng = np.random.default_rng(0)
    figure = Figure(
        figsize=(1.05 * _ACROSS + 0.9, 1.25 * len(EMOTIONS) + 0.5), layout="constrained"
    )
    below = "" if winners is None else "; below it the FER+ winner if it differs"
    figure.suptitle(f"Images of {split} by their label in FER-2013{below}", fontsize=12)
    rows = figure.subplots(len(EMOTIONS), _ACROSS)
    for label, row in enumerate(rows):
        of_label = np.flatnonzero(part.labels == label)
        row[0].set_ylabel(f"{EMOTIONS[label]}\n{len(of_label):,}", fontsize=11)
        chosen = rng.permutation(of_label)[:_ACROSS]
        for axes in row:
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
        for axes, index in zip(row, chosen, strict=False):
            axes.imshow(part.images[index], cmap="gray", vmin=0, vmax=255)
            if winners is not None and winners[index] != label:
                axes.set_xlabel(_winner(int(winners[index])), fontsize=8, labelpad=2)
    figure.savefig(path, dpi=120)


def _winner(winner: int) -> str:
    return EMOTIONS[winner] if winner >= 0 else "none of the 7"
