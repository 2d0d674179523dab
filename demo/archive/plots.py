"""Draws the plots of a table's report."""

import io
import textwrap
from collections.abc import Callable
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from demo.archive.report import STEPS, Counts
from model.labels import COLOURS, EMOTIONS

_MOST_FOLDERS, _MOST_ERRORS, _MOST_FACES = 20, 12, 10
_GREY, _INK = "#7a828c", "#333333"
# An outline, because the lightest colours hardly differ from white.
_LINE: dict[str, Any] = {"edgecolor": _INK, "linewidth": 0.6}


def plots(counts: Counts) -> dict[str, bytes]:
    """Draws the counts of a table.

    Returns:
        PNG files, 1350 pixels wide, by their names.
    """
    return {
        "emotions.png": _drawn(_emotions, counts, 4),
        "folders.png": _drawn(_folders, counts, 2 + 0.3 * len(_largest(counts))),
        "confidence.png": _drawn(_confidence, counts, 4),
        "faces_per_picture.png": _drawn(_faces_per_picture, counts, 4),
        "errors.png": _drawn(_errors, counts, 2 + 0.4 * min(len(counts.errors), _MOST_ERRORS)),
    }


def _drawn(draw: Callable[[Axes, Counts], None], counts: Counts, height: float) -> bytes:
    figure = Figure(figsize=(9, height), dpi=150, layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    draw(axes, counts)
    handles, labels = axes.get_legend_handles_labels()
    if labels:
        figure.legend(handles, labels, loc="outside right center")
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def _emotions(axes: Axes, counts: Counts) -> None:
    numbers = [counts.emotions[emotion] for emotion in EMOTIONS]
    bars = axes.barh(EMOTIONS, numbers, color=[COLOURS[name] for name in EMOTIONS], **_LINE)
    shares = [f" {number:,} ({number / max(1, counts.faces):.0%})" for number in numbers]
    axes.bar_label(bars, shares)
    axes.margins(x=0.15)
    axes.invert_yaxis()
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(title=f"{_count(counts.faces, 'face')} in {_count(counts.pictures, 'picture')}")
    axes.set_xlabel("faces")


def _folders(axes: Axes, counts: Counts) -> None:
    folders = _largest(counts)
    totals = [counts.folders[folder].total() for folder in folders]
    names = [f"{_short(folder)} ({total:,})" for folder, total in zip(folders, totals, strict=True)]
    left = [0.0] * len(folders)
    for emotion in EMOTIONS:
        shares = [
            counts.folders[folder][emotion] / total
            for folder, total in zip(folders, totals, strict=True)
        ]
        axes.barh(names, shares, left=left, color=COLOURS[emotion], label=emotion, **_LINE)
        left = [start + share for start, share in zip(left, shares, strict=True)]
    axes.invert_yaxis()
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_xlim(0, 1)
    more = len(counts.folders) - len(folders)
    rest = f": the {len(folders)} of {len(counts.folders)} with the most faces" if more else ""
    axes.set(title=f"Emotions by folder{rest} (number of faces in brackets)")


def _largest(counts: Counts) -> list[str]:
    found = sorted(counts.folders, key=lambda folder: -counts.folders[folder].total())
    return found[:_MOST_FOLDERS]


def _confidence(axes: Axes, counts: Counts) -> None:
    starts = [step / STEPS for step in range(STEPS)]
    below = [0] * STEPS
    for emotion in EMOTIONS:
        numbers = [counts.sure[emotion, step] for step in range(STEPS)]
        options: dict[str, Any] = {
            "align": "edge",
            "color": COLOURS[emotion],
            "label": emotion,
            **_LINE,
        }
        axes.bar(starts, numbers, 1 / STEPS, below, **options)
        below = [low + number for low, number in zip(below, numbers, strict=True)]
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.margins(y=0.05)
    axes.set_xlim(0, 1)
    share = counts.uncertain / max(1, counts.faces)
    axes.set(title=f"How sure the network is: {share:.0%} of the faces are uncertain")
    axes.set(xlabel="probability of the most likely emotion", ylabel="faces")


def _faces_per_picture(axes: Axes, counts: Counts) -> None:
    numbers = [counts.faces_per_picture[number] for number in range(_MOST_FACES)]
    more = counts.faces_per_picture.total() - sum(numbers)
    names = [*map(str, range(_MOST_FACES)), f"{_MOST_FACES} or more"]
    bars = axes.bar(names, [*numbers, more], color=_GREY, **_LINE)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.bar_label(bars, [f"{number:,}" if number else "" for number in (*numbers, more)])
    without = counts.faces_per_picture[0] / max(1, counts.faces_per_picture.total())
    axes.set(title=f"Faces per picture: {without:.0%} of the readable pictures have none")
    axes.set(xlabel="faces in a picture", ylabel="pictures")


def _errors(axes: Axes, counts: Counts) -> None:
    found = counts.errors.most_common(_MOST_ERRORS)
    names = [textwrap.fill(_short(name, 90), 48) for name, _ in found]
    bars = axes.barh(names, [number for _, number in found], color=_GREY, **_LINE)
    axes.bar_label(bars, [f" {number:,}" for _, number in found])
    axes.margins(x=0.15)
    axes.invert_yaxis()
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    total = counts.errors.total()
    what = f"{_count(total, 'picture')} of {counts.pictures:,} could not be read"
    axes.set(title=what if total else f"All {_count(counts.pictures, 'picture')} could be read")
    axes.set_xlabel("pictures")


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _short(text: str, most: int = 40) -> str:
    """Returns text that a plot can show; Matplotlib reads unescaped dollars as mathematics."""
    text = "".join(letter if letter.isprintable() else "?" for letter in text)
    text = text if len(text) <= most else f"{text[: most - 3]}..."
    return text.replace("$", r"\$")
