"""Timelines as plots: of one person, and of all together."""

import gc
import io
import threading

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from demo.answer.as_text import clock
from demo.film.timeline import PersonTimeline, Timeline
from demo.people.tracking import SMOOTHING_SECONDS
from model.labels import COLOURS, EMOTIONS

_SMOOTHED = f"smoothed, time constant {SMOOTHING_SECONDS:g} s"
_INK = "#333333"

# Matplotlib does not promise to be safe between threads.
_drawing = threading.Lock()


def person_plot(number: int, person: PersonTimeline) -> bytes:
    """A person's seven probabilities over time, one upon the other; gaps where nobody was seen.

    Returns:
        A PNG of 1500 x 600 pixels.
    """
    times, _, means, _ = person.curve.points()
    half = person.curve.step / 2
    with _drawing:
        figure = Figure(figsize=(10, 4), dpi=150, layout="constrained")
        axes = figure.subplots()
        # Stairs, because a face that was seen once would have no area between lines.
        edges = np.append(times - half, times[-1:] + half)
        below = np.zeros(len(times))
        for index, emotion in enumerate(EMOTIONS):
            above = below + means[:, index]
            axes.stairs(
                above, edges, baseline=below, fill=True, color=COLOURS[emotion], label=emotion
            )
            below = above
        axes.set(
            title=f"Person {number}, {clock(person.first)} to {clock(person.last)}",
            ylabel=f"probability ({_SMOOTHED})",
            ylim=(0, 1),
            xlim=(edges[0], edges[-1]),
        )
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        _clock_axis(axes)
        figure.legend(loc="outside right center", reverse=True)
        return _png(figure)


def group_plot(timeline: Timeline) -> bytes:
    """Mean and spread of each emotion over all people, and how many faces were found, over time.

    The spread is the standard deviation over the faces of all people in a step of the curve.

    Returns:
        A PNG of 1500 x 1800 pixels.
    """
    times, faces, means, spread = timeline.group.points()
    with _drawing:
        figure = Figure(figsize=(10, 12), dpi=150, layout="constrained")
        rows = figure.subplots(len(EMOTIONS) + 1, sharex=True)
        for index, (emotion, axes) in enumerate(zip(EMOTIONS, rows, strict=False)):
            mean, deviation = means[:, index], spread[:, index]
            low, high = np.clip(mean - deviation, 0, 1), np.clip(mean + deviation, 0, 1)
            # The level as an area, the spread as a band around its edge.
            axes.fill_between(times, mean, color=COLOURS[emotion], linewidth=0)
            axes.fill_between(times, low, high, color=_INK, alpha=0.15, linewidth=0)
            axes.plot(times, np.stack([low, high], 1), color=_INK, alpha=0.5, linewidth=0.7)
            axes.plot(times, mean, color=_INK, linewidth=1.5, marker=".", markersize=2)
            axes.set(ylim=(0, 1), ylabel=emotion)
            axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        most = np.nanmax(faces, initial=1)
        rows[-1].step(times, faces, where="mid", color=_INK, linewidth=1)
        rows[-1].set(ylim=(0, most * 1.1), ylabel="faces", xlim=(0, max(timeline.end, 0.1)))
        rows[-1].yaxis.get_major_locator().set_params(integer=True)
        count = len(timeline.people)
        people = "1 person" if count == 1 else f"{count} people"
        rows[0].set_title(f"Mean, and spread as a band, over {people} ({_SMOOTHED})")
        _clock_axis(rows[-1])
        figure.align_ylabels(rows)
        return _png(figure)


def _clock_axis(axes: Axes) -> None:
    axes.set_xlabel("time in the film")
    axes.xaxis.set_major_formatter(lambda value, _: clock(value) if value >= 0 else "")


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png")
    # A figure holds on to itself. Dozens would pile up to 80 MB until Python looks for such.
    del figure
    gc.collect()
    return file.getvalue()
