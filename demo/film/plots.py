"""Plots of the timelines of one person and of all people together."""

import gc
import io
import threading
from functools import cache
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch
from PIL import Image

from demo.answer.as_text import clock
from demo.film.timeline import PersonTimeline, Timeline
from demo.people.tracking import SMOOTHING_SECONDS
from model.labels import COLOURS, EMOTIONS

_SMOOTHED = f"smoothed, time constant {SMOOTHING_SECONDS:g} s"
_INK = "#333333"

# The edges of the axes, as shares of the figure. Matplotlib can compute them, but it would lay out
# every text twice for that, which takes longer than drawing the plot.
_PERSON_EDGES = {"left": 0.073, "right": 0.859, "bottom": 0.118, "top": 0.937}
_GROUP_EDGES = {"left": 0.073, "right": 0.974, "bottom": 0.039, "top": 0.979, "hspace": 0.17}

# Matplotlib does not promise to be thread-safe.
_drawing = threading.Lock()


class _PersonFigure(NamedTuple):
    canvas: FigureCanvasAgg
    axes: Axes
    areas: list[StepPatch]


@cache
def _person_figure() -> _PersonFigure:
    """Makes the figure that all people's plots reuse; making one takes as long as drawing it."""
    figure = Figure(figsize=(10, 4), dpi=150)
    axes = figure.subplots(gridspec_kw=_PERSON_EDGES)
    # Stairs, because lines would give a face that was seen once no area.
    areas = [
        axes.stairs([0], [0, 1], fill=True, color=COLOURS[emotion], label=emotion)
        for emotion in EMOTIONS
    ]
    axes.set(ylabel=f"probability ({_SMOOTHED})", ylim=(0, 1))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    _clock_axis(axes)
    figure.legend(loc="center right", reverse=True)
    return _PersonFigure(FigureCanvasAgg(figure), axes, areas)


def person_plot(number: int, person: PersonTimeline) -> bytes:
    """Plots a person's seven probabilities over time, stacked, with gaps while the person is away.

    Returns:
        A PNG of 1500 x 600 pixels.
    """
    times, _, means, _ = person.curve.points()
    half = person.curve.step / 2
    edges = np.append(times - half, times[-1:] + half)
    levels = np.cumsum(means, axis=1)
    below = np.zeros(len(times))
    with _drawing:
        canvas, axes, areas = _person_figure()
        for area, level in zip(areas, levels.T, strict=True):
            area.set_data(level, edges, below)  # type: ignore[arg-type]  # arrays too, as `stairs`
            below = level
        axes.set(
            title=f"Person {number}, {clock(person.first)} to {clock(person.last)}",
            xlim=(edges[0], edges[-1]),
        )
        return _png(canvas)


def group_plot(timeline: Timeline) -> bytes:
    """Plots each emotion's mean and spread over all people, and the number of faces, over time.

    The spread is the standard deviation over the faces of all people in a step of the curve.

    Returns:
        A PNG of 1500 x 1800 pixels.
    """
    times, faces, means, spread = timeline.group.points()
    with _drawing:
        figure = Figure(figsize=(10, 12), dpi=150)
        rows = figure.subplots(len(EMOTIONS) + 1, sharex=True, gridspec_kw=_GROUP_EDGES)
        for index, (emotion, axes) in enumerate(zip(EMOTIONS, rows, strict=False)):
            mean, deviation = means[:, index], spread[:, index]
            low, high = np.clip(mean - deviation, 0, 1), np.clip(mean + deviation, 0, 1)
            # An area shows the mean, and a band around its edge shows the spread.
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
        for axes in rows:
            axes.yaxis.set_label_coords(-0.061, 0.5)
        png = _png(FigureCanvasAgg(figure))
    # A figure refers to itself, so only the garbage collector frees it, and many could pile up first.
    del figure, rows, axes
    gc.collect()
    return png


def _clock_axis(axes: Axes) -> None:
    axes.set_xlabel("time in the film")
    axes.xaxis.set_major_formatter(lambda value, _: clock(value) if value >= 0 else "")


def _png(canvas: FigureCanvasAgg) -> bytes:
    canvas.draw()
    file = io.BytesIO()
    # Twice as fast as Pillow's default level, and files are a sixth larger.
    Image.fromarray(np.asarray(canvas.buffer_rgba())[:, :, :3]).save(file, "PNG", compress_level=3)
    return file.getvalue()
