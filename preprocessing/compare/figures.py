"""Measures recall, false alarms and milliseconds of a detector on pictures with known faces."""

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from matplotlib.figure import Figure
from tqdm import tqdm

from preprocessing.compare.pictures import Shot, Truth
from preprocessing.faces import Detector, Face, detector

# A face counts as found if box and landmarks are both close to the truth. In widths of the face: the
# distance of the middles, the width, and the mean distance of the landmarks.
_NEAR, _WIDTHS, _POINTS = 0.5, (0.5, 2.0), 0.15


@dataclass(frozen=True)
class Result:
    """A detector's result on one picture.

    Attributes:
        kind: what is varied in the picture, such as "brightness".
        degree: how it is varied, such as "gamma 4".
        asked: the number of faces in the picture.
        found: the number of those faces that the detector found.
        false: the number of false alarms.
        milliseconds: the CPU time of the thread.
    """

    kind: str
    degree: str
    asked: int
    found: int
    false: int
    milliseconds: float


def measure(name: str, shots: Sequence[Shot]) -> list[Result]:
    """Runs a detector on pictures, on all cores.

    Args:
        name: a name in `preprocessing.faces.DETECTORS`.
        shots: the pictures.
    """
    detectors = {size: detector(name, size) for size in {shot.min_face for shot in shots}}

    def result(shot: Shot) -> Result:
        return measure_one(detectors[shot.min_face], shot)

    with one_opencv_thread(), ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(result, shots)
        return list(tqdm(results, total=len(shots), desc=name, unit="picture", leave=False))


@contextmanager
def one_opencv_thread() -> Iterator[None]:
    """Keeps OpenCV from starting threads, because a thread's CPU time leaves their time out."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)


def measure_one(finder: Detector, shot: Shot) -> Result:
    """Runs a detector on one picture and compares its faces with the known ones."""
    began = time.thread_time()
    faces = finder.detect(shot.grey)
    milliseconds = 1000 * (time.thread_time() - began)
    found = sum(any(matches(face, truth) for face in faces) for truth in shot.faces)
    false = sum(not any(matches(face, truth) for truth in shot.faces) for face in faces)
    return Result(shot.kind, shot.degree, len(shot.faces), found, false, milliseconds)


def matches(face: Face, truth: Truth) -> bool:
    """Whether a detected face matches a known face."""
    x, y, width, height = face.box
    apart = np.hypot(x + width / 2 - truth.x, y + height / 2 - truth.y)
    low, high = _WIDTHS
    if not (apart < _NEAR * truth.width and low < width / truth.width < high):
        return False
    if truth.landmarks is None:
        return True
    return bool(np.abs(face.landmarks - truth.landmarks).mean() < _POINTS * truth.width)


def table(results: dict[str, list[Result]]) -> str:
    """A Markdown table of each detector's recall by kind and degree, false alarms and milliseconds."""
    lines = [
        "| pictures | n | " + " | ".join(results) + " |",
        "| --- | --- |" + " --- |" * len(results),
    ]
    first = next(iter(results.values()))
    for kind, degree in dict.fromkeys((each.kind, each.degree) for each in first):
        cells = []
        for each in results.values():
            chosen = [one for one in each if (one.kind, one.degree) == (kind, degree)]
            cells.append(_cell(chosen))
        count = sum((one.kind, one.degree) == (kind, degree) for one in first)
        lines.append(f"| {kind}: {degree} | {count} | {' | '.join(cells)} |")
    with_faces = [[one for one in each if one.asked] for each in results.values()]
    false = [str(sum(one.false for one in each)) for each in with_faces]
    lines.append(f"| false alarms beside a face | {len(with_faces[0])} | {' | '.join(false)} |")
    medians = [f"{np.median([one.milliseconds for one in each]):.0f}" for each in results.values()]
    lines.append(f"| milliseconds, median of all | {len(first)} | {' | '.join(medians)} |")
    return "\n".join(lines) + "\n"


def _cell(chosen: list[Result]) -> str:
    asked = sum(one.asked for one in chosen)
    if not asked:
        return f"{sum(one.false > 0 for one in chosen)} with a false alarm"
    return f"{100 * sum(one.found for one in chosen) / asked:.0f} %"


def plot(results: dict[str, list[Result]], path: Path) -> None:
    """Plots recall by kind and degree, and false alarms against milliseconds."""
    first = next(iter(results.values()))
    kinds = list(dict.fromkeys(each.kind for each in first if each.asked))
    rows = -(-(len(kinds) + 1) // 3)
    figure = Figure(figsize=(15, 3.6 * rows), layout="constrained")
    axes = figure.subplots(rows, 3, squeeze=False).ravel()
    for kind, axis in zip(kinds, axes, strict=False):
        degrees = list(dict.fromkeys(each.degree for each in first if each.kind == kind))
        for number, (name, each) in enumerate(results.items()):
            recall = []
            for degree in degrees:
                chosen = [one for one in each if (one.kind, one.degree) == (kind, degree)]
                recall.append(100 * sum(o.found for o in chosen) / sum(o.asked for o in chosen))
            # Shifted a little, so that equal curves do not hide each other.
            at = np.arange(len(degrees)) + 0.06 * (number - len(results) / 2)
            axis.plot(at, recall, marker="o", markersize=4, label=name, color=f"C{number}")
        axis.set_xticks(range(len(degrees)), degrees, rotation=25, ha="right", fontsize=8)
        axis.set_xlim(-0.5, len(degrees) - 0.5)
        axis.set_ylim(-4, 104)
        axis.set_ylabel("faces found (%)")
        axis.set_title(kind)
    last = axes[len(kinds)]
    for number, (name, each) in enumerate(results.items()):
        without = [one for one in each if not one.asked]
        false = 100 * sum(one.false > 0 for one in without) / len(without)
        milliseconds = float(np.median([one.milliseconds for one in each]))
        last.scatter(milliseconds, false, label=name, color=f"C{number}", s=60)
    last.set_xscale("log")
    last.set_xlabel("median milliseconds per picture")
    last.set_ylabel("faceless pictures with a false alarm (%)")
    last.set_title("cost and false alarms")
    last.legend()
    for axis in axes[len(kinds) + 1 :]:
        axis.set_axis_off()
    figure.savefig(path, dpi=110)
