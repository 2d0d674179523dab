"""The pictures of a run and of an evaluation."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from model.labels import EMOTIONS
from train_resnet.measure.evaluation import Evaluation
from train_resnet.report.tables import HEADS, ROWS, by_condition, find, percent, pick

_HEADINGS = {labels: heading for heading, labels, _, _ in HEADS}
_NAMES = {output: name for _, _, output, name in ROWS}

_MISTAKES, _MISTAKES_A_ROW = 48, 12


def plot_evaluation(
    found: Evaluation, histories: Sequence[list[dict[str, float]]], output: Path
) -> None:
    """Draws all pictures of an evaluation but that of degraded pictures.

    Args:
        found: what was measured.
        histories: the histories of the runs that trained the networks.
        output: folder of the pictures.
    """
    plot_confusion(found.records, output / "confusion_matrix.png")
    plot_reliability(found.records, output / "reliability.png")
    plot_risk_coverage(found.records, output / "risk_coverage.png")
    for labels, truth in found.truths.items():
        contact_sheet(
            found.crops, found.answers["served"], truth, output / f"mistakes_{labels}.png"
        )
    for number, history in enumerate(histories, start=1):
        suffix = f"_{number}" if len(histories) > 1 else ""
        plot_training(history, output / f"training_curves{suffix}.png")


def plot_confusion(records: list[dict[str, Any]], path: Path) -> None:
    """Draws the served answers' confusion on each label set, as shares of each label's images."""
    sets = [key for key in _HEADINGS if any(record["labels"] == key for record in records)]
    figure = Figure(figsize=(6.2 * len(sets), 5.6), layout="constrained")
    for axes, labels in zip(np.atleast_1d(figure.subplots(1, len(sets))), sets, strict=True):
        record = find(records, labels=labels, output="served")
        counts = np.array(record["confusion"])
        shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for row, column in np.ndindex(shares.shape):
            axes.text(
                column,
                row,
                f"{shares[row, column]:.0%}",
                ha="center",
                va="center",
                color="white" if shares[row, column] > 0.5 else "black",
            )
        axes.set_xticks(range(len(EMOTIONS)), EMOTIONS, rotation=40, ha="right")
        axes.set_yticks(range(len(EMOTIONS)), EMOTIONS)
        axes.set_xlabel("answer")
        axes.set_ylabel("label")
        axes.set_title(
            f"{_HEADINGS[labels]}: {percent(record['accuracy'])} % of {record['n']:,} right"
        )
    figure.savefig(path, dpi=120)


def plot_reliability(records: list[dict[str, Any]], path: Path) -> None:
    """Draws how often answers of each confidence are right, for both heads and the mixture."""
    sets = [key for key in _HEADINGS if any(record["labels"] == key for record in records)]
    figure = Figure(figsize=(5.2 * len(sets), 5), layout="constrained")
    for axes, labels in zip(np.atleast_1d(figure.subplots(1, len(sets))), sets, strict=True):
        axes.plot([0, 1], [0, 1], color="grey", linestyle=":", label="as sure as right")
        for output in ("fer_head", "votes_head", "served"):
            record = find(records, labels=labels, output=output)
            sure, share, counts = (
                np.array(column) for column in zip(*record["reliability"], strict=True)
            )
            label = f"{_NAMES[output]}, error {record['ece']:.3f}"
            [line] = axes.plot(sure, share, label=label)
            # A point's area is its share of the answers: bins of a few mean little.
            axes.scatter(sure, share, s=600 * counts / counts.sum(), color=line.get_color())
        axes.set(xlabel="confidence", ylabel="share of right answers", title=_HEADINGS[labels])
        axes.legend(loc="lower right")
    figure.savefig(path, dpi=120)


def plot_risk_coverage(records: list[dict[str, Any]], path: Path) -> None:
    """Draws how often the surest answers are right, and where the threshold of doubt lies."""
    figure = Figure(figsize=(7, 5), layout="constrained")
    axes = figure.subplots()
    for heading, labels, output, name in ROWS:
        if all(record["labels"] != labels for record in records):
            continue
        record = find(records, labels=labels, output=output)
        [line] = axes.plot(*zip(*record["risk_coverage"], strict=True), label=f"{name}, {heading}")
        if output == "served" and record["kept"]:
            kept, right = record["kept"], record["kept_accuracy"]
            label = f"{kept:.0%} not uncertain, {right:.0%} of them right"
            axes.scatter(kept, right, color=line.get_color(), zorder=3, label=label)
    axes.set(xlabel="share of answers kept, surest first", ylabel="share of them that is right")
    axes.set(xlim=(0, 1.02), ylim=(None, 1.01))
    axes.grid(alpha=0.3)
    axes.legend(loc="lower left")
    figure.savefig(path, dpi=120)


def plot_robustness(records: list[dict[str, Any]], path: Path) -> None:
    """Draws each head's accuracy on degraded pictures against that on clean ones."""
    conditions = by_condition(records)
    figure = Figure(figsize=(9, 7.5), layout="constrained")
    axes = figure.subplots()
    names = [f"{kind} {degree}".strip() for kind, degree in conditions]
    for offset, (heading, labels, output, name) in zip((-0.2, 0.2), HEADS, strict=True):
        if all(record["labels"] != labels for record in records):
            continue
        chosen = [pick(group, labels, output) for group in conditions.values()]
        accuracy = np.array([record["accuracy"] for record in chosen])
        low, high = np.array([record["accuracy_interval"] for record in chosen]).T
        rows = np.arange(len(chosen)) + offset
        bars = axes.barh(rows, accuracy, height=0.38, label=f"{name}, {heading}")
        axes.errorbar(
            accuracy, rows, xerr=(accuracy - low, high - accuracy), fmt="none", ecolor="black", lw=1
        )
        axes.axvline(accuracy[0], color=bars.patches[0].get_facecolor(), linestyle=":")
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set(xlabel="accuracy; dotted: on clean pictures", xlim=(0, 1))
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.08), ncols=2)
    figure.savefig(path, dpi=120)


def contact_sheet(
    crops: np.ndarray, probabilities: np.ndarray, labels: np.ndarray, path: Path
) -> None:
    """Draws the wrong answers the network was surest of, with their labels, surest first.

    Args:
        crops: `(n, 48, 48)` uint8.
        probabilities: `(n, 7)`.
        labels: `(n,)`; -1 where an image does not count.
        path: where to; the pictures are of people, so not into a repository.
    """
    answers, confidence = probabilities.argmax(1), probabilities.max(1)
    wrong = np.flatnonzero((labels >= 0) & (answers != labels))
    surest = wrong[np.argsort(-confidence[wrong], kind="stable")][:_MISTAKES]
    rows = max(1, -(-len(surest) // _MISTAKES_A_ROW))
    figure = Figure(figsize=(1.35 * _MISTAKES_A_ROW, 1.75 * rows), layout="constrained")
    for axes in figure.subplots(rows, _MISTAKES_A_ROW, squeeze=False).flat:
        axes.set_axis_off()
    for axes, index in zip(figure.axes, surest, strict=False):
        axes.imshow(crops[index], cmap="gray", vmin=0, vmax=255)
        answer, label = EMOTIONS[answers[index]], EMOTIONS[labels[index]]
        axes.set_title(f"{answer} {confidence[index]:.0%}\nlabel {label}", fontsize=8)
    figure.savefig(path, dpi=120)


def plot_training(history: list[dict[str, float]], path: Path) -> None:
    """Draws the losses, and the accuracy on the validation images, over the epochs of a run."""
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    loss, accuracy = figure.subplots(1, 2)
    two_heads = any("network_votes_head" in record for record in history)
    _curve(loss, history, "loss", f"training{', both heads' if two_heads else ''}")
    _curve(loss, history, "validation_loss", f"validation{', FER head' if two_heads else ''}")
    loss.set(xlabel="epoch", ylabel="loss", ylim=(0, None))
    for head, name in (("fer_head", "FER head"), ("votes_head", "votes head")):
        _curve(accuracy, history, f"network_{head}", name)
        _curve(accuracy, history, f"mean_{head}", f"{name}, mean weights", linestyle="--")
    accuracy.set(xlabel="epoch", ylabel="accuracy on validation images", ylim=(0, 1))
    for axes, corner in ((loss, "best"), (accuracy, "lower right")):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend(loc=corner)
    figure.savefig(path, dpi=120)


def _curve(
    axes: Axes, history: list[dict[str, float]], key: str, label: str, linestyle: str = "-"
) -> None:
    points = [(record["epoch"], record[key]) for record in history if key in record]
    if points:
        axes.plot(*zip(*points, strict=True), linestyle=linestyle, label=label)
