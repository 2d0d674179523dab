"""Plots of a run and an evaluation, and the tables that README and model card quote."""

import re
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from model.labels import EMOTIONS

# The figures that README and model card quote, in their order.
_ROWS = [
    ("FER-2013 labels", "fer2013", "fer_head", "FER head"),
    ("FER-2013 labels", "fer2013", "served", "served mixture"),
    ("FER+ winners", "ferplus", "votes_head", "votes head"),
    ("FER+ winners", "ferplus", "served", "served mixture"),
]
_HEADINGS = {"fer2013": "FER-2013 labels", "ferplus": "FER+ winners"}


def find(records: list[dict[str, Any]], **wanted: str) -> dict[str, Any]:
    """The one record with these values, as in `find(records, labels="fer2013", output="served")`.

    The subset is `all` and the input `aligned` unless named.

    Raises:
        KeyError: there is none.
    """
    wanted = {"subset": "all", "input": "aligned", **wanted}
    for record in records:
        if all(record[key] == value for key, value in wanted.items()):
            return record
    raise KeyError(f"There is no record with {wanted}.")


def table(records: list[dict[str, Any]], single: dict[str, dict[str, float]]) -> str:
    """The headline figures of one split as a Markdown table.

    Args:
        records: of `evaluation.evaluate`.
        single: of `evaluation.accuracies` with one view a face.
    """
    lines = [
        "| labels | answer | n | accuracy (95 %) | one view | without images of Training"
        " | balanced | macro-F1 | calibration error |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    known = {record["labels"] for record in records}
    for heading, labels, output, name in _ROWS:
        if labels not in known:
            continue
        figures = find(records, labels=labels, output=output)
        fresh = find(records, labels=labels, output=output, subset="without_duplicates")
        low, high = figures["accuracy_interval"]
        lines.append(
            f"| {heading} | {name} | {figures['n']:,} | {_percent(figures['accuracy'])} %"
            f" ({_percent(low)} to {_percent(high)}) | {_percent(single[labels][output])} %"
            f" | {_percent(fresh['accuracy'])} %"
            f" | {_percent(figures['balanced_accuracy'])} % | {_percent(figures['macro_f1'])} %"
            f" | {figures['ece']:.3f} |"
        )
    return "\n".join(lines)


def write_between(path: Path, mark: str, text: str) -> None:
    """Replaces what stands between `<!-- mark -->` and `<!-- /mark -->` in a Markdown file.

    Raises:
        ValueError: the file has no such marks.
    """
    content = path.read_text(encoding="utf-8")
    pattern = re.compile(f"(<!-- {mark} -->\n).*?(<!-- /{mark} -->)", re.DOTALL)
    if not pattern.search(content):
        raise ValueError(f"{path} has no <!-- {mark} --> ... <!-- /{mark} -->.")
    path.write_text(pattern.sub(lambda m: f"{m[1]}{text}\n{m[2]}", content), encoding="utf-8")


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
            f"{_HEADINGS[labels]}: {_percent(record['accuracy'])} % of {record['n']:,} right"
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
            name = f"{output.replace('_', ' ')}, error {record['ece']:.3f}"
            [line] = axes.plot(sure, share, label=name)
            # A point's area is its share of the answers: bins of a few mean little.
            axes.scatter(sure, share, s=600 * counts / counts.sum(), color=line.get_color())
        axes.set(xlabel="confidence", ylabel="share of right answers", title=_HEADINGS[labels])
        axes.legend(loc="lower right")
    figure.savefig(path, dpi=120)


def plot_training(history: list[dict[str, float]], path: Path) -> None:
    """Draws the loss and PublicTest's accuracy over the epochs of a run."""
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    loss, accuracy = figure.subplots(1, 2)
    _curve(loss, history, "loss", "both heads, with augmentation")
    loss.set(xlabel="epoch", ylabel="training loss", ylim=(0, None))
    for head, name in (("fer_head", "FER head"), ("votes_head", "votes head")):
        _curve(accuracy, history, f"network_{head}", name)
        _curve(accuracy, history, f"mean_{head}", f"{name}, mean weights", linestyle="--")
    accuracy.set(xlabel="epoch", ylabel="accuracy on PublicTest", ylim=(0, 1))
    for axes in (loss, accuracy):
        axes.grid(alpha=0.3)
        axes.legend()
    figure.savefig(path, dpi=120)


def _curve(
    axes: Axes, history: list[dict[str, float]], key: str, label: str, linestyle: str = "-"
) -> None:
    points = [(record["epoch"], record[key]) for record in history if key in record]
    if points:
        axes.plot(*zip(*points, strict=True), linestyle=linestyle, label=label)


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"
