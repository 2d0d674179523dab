import gc
import io

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from demo.film.plots import group_plot, person_plot
from demo.film.timeline import Timeline
from model.labels import COLOURS
from tests.demo.faces import HAPPY, SAD, sample


def opened(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def colour(name: str) -> list[int]:
    return [int(COLOURS[name][start : start + 2], 16) for start in (1, 3, 5)]


def share_of(pixels: np.ndarray, name: str) -> float:
    return float((pixels == colour(name)).all(axis=2).mean())


def test_person_plot_shows_time_with_gaps() -> None:
    timeline = Timeline()
    for number in range(50):
        if not 20 <= number < 30:
            timeline.add(sample(number / 5, p1=HAPPY if number < 20 else SAD))
    timeline.finish(10)
    pixels = opened(person_plot(1, timeline.people[1]))
    assert pixels.shape == (600, 1500, 3)
    plot = pixels[60:500, 120:1270]
    third = plot.shape[1] // 5
    assert share_of(plot[:, : 2 * third - 20], "happy") > 0.8
    assert share_of(plot[:, 3 * third + 20 :], "sad") > 0.8
    gap = plot[20:-20, 2 * third + 20 : 3 * third - 20]
    assert (gap == 255).all(axis=2).mean() > 0.99


def test_person_plot_shows_someone_seen_twice() -> None:
    timeline = Timeline()
    timeline.add(sample(3, p1=HAPPY))
    timeline.add(sample(3.2, p1=HAPPY))
    timeline.finish(3.4)
    assert share_of(opened(person_plot(1, timeline.people[1])), "happy") > 0.3


def test_group_plot_shows_mean_spread_and_number() -> None:
    timeline = Timeline()
    for number in range(25):
        timeline.add(sample(number / 5, p1=HAPPY, p2=SAD))
    timeline.finish(5)
    pixels = opened(group_plot(timeline))
    assert pixels.shape == (1800, 1500, 3)
    # One is happy and one sad, so the mean and the band of the spread are in the middle.
    rows = np.array_split(pixels, 8)
    darker = 0.85 * np.array(colour("happy")) + 0.15 * 0x33
    level = np.abs(rows[3] - darker).max(axis=2) < 8
    grey = (np.abs(rows[3].astype(int) - 224) < 6).all(axis=2)
    assert level.mean() > 0.25
    assert grey.mean() > 0.25
    # Without spread there is no band.
    assert (np.abs(rows[0].astype(int) - 224) < 6).all(axis=2).mean() < 0.02


def test_group_plot_shows_the_mean_without_spread() -> None:
    timeline = Timeline()
    for number in range(25):
        timeline.add(sample(number / 5, p1=HAPPY))
    timeline.finish(5)
    row = np.array_split(opened(group_plot(timeline)), 8)[3]
    assert share_of(row, "happy") > 0.6


def test_group_plot_shows_a_film_without_people() -> None:
    timeline = Timeline()
    timeline.add(sample(0))
    timeline.finish(0.2)
    assert opened(group_plot(timeline)).shape == (1800, 1500, 3)


def test_plots_do_not_accumulate_in_memory() -> None:
    timeline = Timeline()
    timeline.add(sample(0, p1=HAPPY))
    timeline.finish(0.2)
    gc.collect()
    gc.disable()
    try:
        for _ in range(2):
            group_plot(timeline)
            person_plot(1, timeline.people[1])
        assert sum(isinstance(each, Figure) for each in gc.get_objects()) <= 1
    finally:
        gc.enable()


def test_person_plot_keeps_nothing_of_the_previous_person() -> None:
    timeline = Timeline()
    for number in range(20):
        timeline.add(sample(number / 5, **({"p1": HAPPY} if number < 10 else {"p2": SAD})))
    timeline.finish(4)
    first, second = timeline.people[1], timeline.people[2]
    plot = person_plot(1, first)
    assert person_plot(2, second) != plot
    assert share_of(opened(person_plot(2, second)), "happy") < 0.1
    assert person_plot(1, first) == plot
