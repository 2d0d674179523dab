import numpy as np
import pytest

from demo.people.tracking import LOST_SECONDS, SMOOTHING_SECONDS, People
from model import FaceExpression
from tests.demo.faces import HAPPY, SAD, face


def follow(
    pictures: list[list[FaceExpression]], rate: float = 5, start: float = 0.0
) -> list[list[int | None]]:
    """The numbers of the faces that are final at the end."""
    group = People(0.5)
    seen = [group.update(faces, start + n / rate) for n, faces in enumerate(pictures)]
    return [[each.person for each in sightings] for sightings in seen]


def test_people_counts_a_face_from_its_second_picture() -> None:
    group = People(0.5)
    [first] = group.update([face(0)], 0)
    assert first.person is None
    [second] = group.update([face(10)], 0.2)
    assert second.person == 1
    assert first.person == 1
    assert group.count == 1


def test_people_ignores_a_face_seen_in_one_picture() -> None:
    assert follow([[face(0)], [face(0), face(300)], [face(0)], [face(0)]]) == [
        [1],
        [1, None],
        [1],
        [1],
    ]


def test_people_numbers_in_order_of_appearance() -> None:
    pictures = [[face(400)], [face(400)], [face(0), face(200), face(400)]] * 1
    pictures += [[face(0), face(200), face(400)]] * 2
    assert follow(pictures)[-1] == [2, 3, 1]


def test_people_keeps_numbers_of_two_who_pass_each_other() -> None:
    # The person behind is not found while the boxes overlap.
    pictures = []
    for step in range(30):
        left, right = 10 + 15 * step, 445 - 15 * step
        hidden = abs(left - right) < 80
        pictures.append([face(right)] if hidden else sorted_faces(face(left), face(right)))
    numbers = follow(pictures)
    assert numbers[0] == [1, 2]
    assert numbers[-1] == [2, 1]
    assert {number for picture in numbers for number in picture} == {1, 2}
    assert all(picture == [2] for picture in numbers if len(picture) == 1)


def sorted_faces(*faces: FaceExpression) -> list[FaceExpression]:
    return sorted(faces, key=lambda each: each.box[0])


@pytest.mark.parametrize("rate", [2, 5, 15, 30])
def test_people_keeps_the_number_through_a_short_absence(rate: int) -> None:
    for away, same in ((0.5, True), (LOST_SECONDS - 0.5, True), (LOST_SECONDS + 1.2, False)):
        there = [[face(100)]] * max(3, rate)
        numbers = follow([*there, *[[]] * round(away * rate), *there], rate)
        assert numbers[0] == [1]
        assert numbers[-1] == ([1] if same else [2]), away


def test_people_keeps_the_number_through_one_missed_picture() -> None:
    numbers = follow([[face(100)], [face(100)], [], [face(100)], [face(100)]], rate=0.1)
    assert numbers[-1] == [1]


def test_people_starts_new_numbers_after_a_cut() -> None:
    group = People(0.5)
    group.update([face(100)], 0)
    [before] = group.update([face(100)], 0.2)
    [alone] = group.update([face(100)], 0.4)
    group.cut()
    group.update([face(100)], 0.6)
    [after] = group.update([face(100)], 0.8)
    assert (before.person, alone.person, after.person) == (1, 1, 2)


def test_people_follows_fast_faces() -> None:
    # At five pictures a second, the face moves by its own width each time.
    assert follow([[face(90 * step)] for step in range(8)]) == [[1]] * 8


@pytest.mark.parametrize("rate", [2, 10, 40])
def test_people_smooths_over_seconds_at_any_rate(rate: int) -> None:
    group = People(0.5)
    for number in range(rate):
        group.update([face(100, emotion=SAD)], number / rate)
    change = (rate - 1) / rate
    reached = None
    for number in range(1, 3 * rate):
        time = change + number / rate
        [sighting] = group.update([face(100, emotion=HAPPY)], time)
        assert sighting.smoothed.probabilities.sum() == pytest.approx(1, abs=1e-5)
        expected = 0.88 - 0.86 * np.exp(-(time - change) / SMOOTHING_SECONDS)
        assert sighting.smoothed.probabilities[HAPPY] == pytest.approx(expected, abs=1e-3)
        if reached is None and sighting.smoothed.emotion == "happy":
            reached = time - change
    # The raw probabilities stay unchanged.
    assert sighting.face.probabilities[HAPPY] == pytest.approx(0.88)
    assert reached is not None
    assert reached <= SMOOTHING_SECONDS * np.log(2) + 1 / rate


def test_people_applies_the_same_limit_of_doubt_to_smoothed_answers() -> None:
    group = People(0.5)
    group.update([face(100, emotion=SAD)], 0)
    [sighting] = group.update([face(100, emotion=HAPPY)], 0.33)
    smoothed = sighting.smoothed
    assert smoothed.confidence == pytest.approx(float(smoothed.probabilities.max()))
    assert smoothed.uncertain == (smoothed.confidence < 0.5)
    assert smoothed.uncertain
    assert not sighting.face.uncertain


def test_people_keeps_bounded_memory() -> None:
    group = People(0.5)
    for step in range(400):
        group.update([face(300 * (step % 7))], step / 5)
    assert len(group._followed) < 20


def test_people_moves_boxes_on_while_pictures_are_missing() -> None:
    group = People(0.5)
    for step in range(6):
        group.update([face(30 * step)], step / 5)
    # A second later, as if five pictures were missing.
    [sighting] = group.update([face(30 * 10)], 2.0)
    assert sighting.person == 1


def test_people_keeps_numbers_through_a_long_frame() -> None:
    group = People(0.5)
    times = [0, 0.2, 0.4, 30, 60, 60.2]
    for time in times:
        [sighting] = group.update([face(100)], time)
    assert sighting.person == 1
    assert group.count == 1
