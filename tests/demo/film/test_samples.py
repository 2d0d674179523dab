from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest

from demo.film.reading import Film
from demo.film.samples import read_film
from demo.people.tracking import Sample
from model import FaceExpression, Recognizer
from preprocessing.images import Picture
from tests.demo.film.clips import Place, paste, people, room, scene, steady, write_film

Read = Callable[..., list[Sample]]


@pytest.fixture
def read(tmp_path: Path, film_recognizer: Recognizer) -> Read:
    """Writes frames as a film and reads it."""

    def write_and_read(frames: Iterable[tuple[float, np.ndarray]], fps: float = 5) -> list[Sample]:
        path = write_film(tmp_path / "film.mkv", frames)
        with ThreadPoolExecutor(2) as pool, Film(path) as film:
            recognize = lambda picture: pool.submit(film_recognizer.recognize, picture)  # noqa: E731
            return list(read_film(film, recognize, 0.5, fps))

    return write_and_read


def course(samples: list[Sample]) -> dict[int | None, list[tuple[float, int, str]]]:
    """The times, places and emotions of the faces of each number."""
    found: dict[int | None, list[tuple[float, int, str]]] = {}
    for sample in samples:
        for each in sample.sightings:
            place = (sample.time, each.face.box[0], each.face.emotion)
            found.setdefault(each.person, []).append(place)
    return found


def walk(start: float, speed: float, y: float = 45) -> Place:
    return lambda time: (start + speed * time, y)


def test_samples_keep_numbers_of_two_people_who_cross(read: Read) -> None:
    astronaut, hopper = people()
    heads = [(hopper, walk(0, 90)), (astronaut, walk(270, -90))]
    found = course(read(scene(room(), heads, steady(3))))
    assert set(found) == {1, 2}
    first, second = found[1], found[2]
    # Grace Hopper walks from left to right and is hidden for a while; the astronaut always smiles.
    assert first[0][1] < 40
    assert first[-1][1] > 230
    assert [emotion for _, _, emotion in first].count("happy") <= 1
    assert second[0][1] > 230
    assert second[-1][1] < 60
    assert {emotion for _, _, emotion in second} == {"happy"}
    assert max(np.diff([time for time, _, _ in first])) >= 0.5


def test_samples_keep_the_number_of_a_person_hidden_for_half_a_second(read: Read) -> None:
    astronaut, _ = people()
    there = lambda time: None if 1 <= time < 1.5 else (100 + 20 * time, 40)  # noqa: E731
    found = course(read(scene(room(), [(astronaut, there)], steady(2.5))))
    times = [time for time, _, _ in found[1]]
    assert set(found) == {1}
    assert not [time for time in times if 1 <= time < 1.5]
    assert times[0] == 0
    assert times[-1] == pytest.approx(2.4, abs=0.01)


def test_samples_keep_the_number_of_a_turning_head(read: Read) -> None:
    """The detector finds it less and less, and in profile not at all."""
    astronaut, _ = people()

    def turned(time: float) -> np.ndarray:
        width = round(130 * max(0.3, abs(np.cos(2 * time))))
        picture = room()
        head = cv2.resize(astronaut, (width, 150), interpolation=cv2.INTER_AREA)
        paste(picture, head, round(180 - width / 2 + 40 * np.sin(2 * time)), 45)
        return picture

    samples = read((time, turned(time)) for time in steady(3))
    found = course(samples)
    assert set(found) == {1}
    assert any(not sample.sightings for sample in samples)
    assert found[1][0][0] == 0
    assert found[1][-1][0] > 2.5


def test_samples_give_a_newcomer_a_new_number(read: Read) -> None:
    astronaut, hopper = people()
    leaves = lambda time: (40 - 150 * time, 40) if time < 1 else None  # noqa: E731
    comes = lambda time: (260, 40) if time >= 1.2 else None  # noqa: E731
    samples = read(scene(room(), [(astronaut, leaves), (hopper, comes)], steady(2)))
    found = course(samples)
    assert found[1][-1][0] < 1
    assert found[2][0][0] == pytest.approx(1.2, abs=0.01)
    assert len(found) == 2


def test_samples_give_new_numbers_after_a_cut(read: Read) -> None:
    astronaut, hopper = people()
    place = walk(140, 0)
    before = list(scene(room(seed=1), [(astronaut, place)], steady(1)))
    after = list(scene(room(seed=2), [(hopper, place)], steady(1, start=1.0)))
    samples = read([*before, *after])
    assert [round(sample.time, 2) for sample in samples if sample.cut] == [1.0]
    found = course(samples)
    assert set(found) == {1, 2}
    assert max(time for time, _, _ in found[1]) < 1
    assert min(time for time, _, _ in found[2]) == pytest.approx(1, abs=0.01)


def test_samples_have_frame_times_at_a_variable_rate(read: Read) -> None:
    astronaut, _ = people()
    times = [0, 0.03, 0.21, 0.5, 0.55, 0.9, 1.3, 1.31, 1.5, 2.4]
    samples = read(scene(room(), [(astronaut, walk(50, 100))], times))
    expected = [0, 0.21, 0.5, 0.9, 1.3, 1.5, 2.4]
    assert [sample.time for sample in samples] == pytest.approx(expected, abs=0.002)
    for sample in samples:
        # The face is where it was at that time.
        [sighting] = sample.sightings
        assert sighting.face.box[0] == pytest.approx(75 + 100 * sample.time, abs=20)
        assert sighting.person == 1


def test_samples_read_a_few_pictures_ahead_and_cancel_them(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mkv", scene(room(), [], steady(4)))
    handed: list[Future[list[FaceExpression]]] = []

    def recognize(_: Picture) -> "Future[list[FaceExpression]]":
        handed.append(Future())
        if len(handed) <= 3:
            handed[-1].set_result([])
        return handed[-1]

    with Film(path) as film:
        samples = read_film(film, recognize, 0.5, fps=15)
        next(samples)
        ahead = len(handed)
        assert ahead < 12
        samples.close()
    assert len(handed) == ahead
    assert all(future.cancelled() for future in handed[3:])


def test_samples_raise_an_error_from_a_thread(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mkv", scene(room(), [], steady(1)))

    def recognize(_: Picture) -> "Future[list[FaceExpression]]":
        future: Future[list[FaceExpression]] = Future()
        future.set_exception(MemoryError("no room"))
        return future

    with Film(path) as film, pytest.raises(MemoryError, match="no room"):
        next(read_film(film, recognize, 0.5))
