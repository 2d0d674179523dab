import numpy as np
import pytest

from demo.film.timeline import Curve, Timeline
from demo.people.moments import Moments
from demo.people.tracking import Sample
from model.labels import EMOTIONS
from preprocessing.images import Picture
from tests.demo.faces import HAPPY, SAD, sample


def test_curve_has_a_point_for_each_sample_of_a_short_film() -> None:
    curve = Curve()
    rows = np.random.default_rng(0).dirichlet(np.ones(7), 50)
    for number, row in enumerate(rows):
        curve.add(number / 5, row[None])
    times, faces, means, spread = curve.points()
    assert times == pytest.approx(np.arange(50) / 5 + 0.1)
    assert means == pytest.approx(rows)
    assert set(faces) == {1}
    assert spread == pytest.approx(np.zeros((50, 7)), abs=1e-6)


@pytest.mark.parametrize("start", [0.0, 1234.6])
def test_curve_of_a_long_film_is_coarser_but_no_longer(start: float) -> None:
    curve = Curve()
    rng = np.random.default_rng(0)
    rows = rng.dirichlet(np.ones(7), (18_000, 2))
    for number, row in enumerate(rows):
        curve.add(start + number / 5, row)
    times, faces, means, spread = curve.points()
    assert curve.step == pytest.approx(6.4)
    assert 500 <= len(times) <= 1000
    assert len(curve._sums) <= 2000
    assert np.diff(times) == pytest.approx(6.4)
    assert times[0] - 3.2 <= start <= times[0] + 3.2
    assert set(faces) == {2}
    # Mean and spread of a step cover all of that step and nothing else.
    moments = start + np.arange(18_000) / 5
    for index in (0, 17, len(times) // 2):
        inside = rows[np.abs(moments + 1e-3 - times[index]) < 3.2].reshape(-1, 7)
        assert means[index] == pytest.approx(inside.mean(axis=0), abs=1e-9)
        assert spread[index] == pytest.approx(inside.std(axis=0), abs=1e-6)


def test_curve_has_gaps() -> None:
    curve = Curve()
    curve.add(0, np.full((1, 7), 1 / 7))
    curve.add(0.2, np.zeros((0, 7)))
    curve.add(0.8, np.full((3, 7), 1 / 7))
    _, faces, means, _ = curve.points()
    assert faces == pytest.approx([1, 0, np.nan, np.nan, 3], nan_ok=True)
    assert np.isnan(means[:, 0]).tolist() == [False, True, True, True, False]


def test_curve_without_samples_has_no_points() -> None:
    assert [part.shape for part in Curve().points()] == [(0,), (0,), (0, 7), (0, 7)]


def test_shares_count_time_not_pictures() -> None:
    timeline = Timeline()
    for time, emotion in ((0, HAPPY), (1, SAD), (1.1, SAD), (1.2, SAD), (2, SAD)):
        timeline.add(sample(time, p1=emotion))
    timeline.finish(4)
    shares = dict(zip(EMOTIONS, timeline.people[1].shares(), strict=True))
    assert shares["happy"] == pytest.approx(1 / 4)
    assert shares["sad"] == pytest.approx(3 / 4)
    assert timeline.end == 4


def test_summary_covers_each_person_and_everyone() -> None:
    timeline = Timeline()
    timeline.add(sample(0, p1=HAPPY))
    timeline.add(sample(1, p1=HAPPY, p2=SAD, alone=SAD))
    timeline.add(sample(2, p2=SAD))
    timeline.finish(4)
    summary = timeline.summary()
    assert (summary["samples"], summary["faces"], summary["faces_of_one_sample"]) == (3, 5, 1)
    one, two = summary["people"]
    assert (one["person"], one["first_seen"], one["last_seen"], one["seconds"]) == (1, 0, 1, 2)
    assert (two["person"], two["first_seen"], two["last_seen"], two["seconds"]) == (2, 1, 2, 3)
    assert one["share"] == {**dict.fromkeys(EMOTIONS, 0), "happy": 1}
    assert summary["group"]["share"]["happy"] == pytest.approx(0.4)
    assert sum(summary["group"]["share"].values()) == pytest.approx(1)


def test_shares_of_nobody_are_empty() -> None:
    timeline = Timeline()
    timeline.add(sample(0))
    timeline.finish(1)
    assert timeline.summary()["people"] == []
    assert set(timeline.shares()) == {0}


def changing(moments: Moments, changes: dict[float, int], end: float, person: str = "p1") -> None:
    """One person whose emotion changes at times."""
    for time in np.arange(0, end, 0.2):
        current = [emotion for since, emotion in changes.items() if time >= since - 1e-6][-1]
        moments.add(sample(float(time), **{person: current}))


def test_moments_are_the_largest_changes() -> None:
    moments = Moments(thumbnails=False)
    changing(moments, {0: SAD, 5: HAPPY, 12: SAD}, 20)
    first, second = moments.largest()
    assert (first.time, first.before, first.after) == (pytest.approx(5), "sad", "happy")
    assert (second.time, second.before, second.after) == (pytest.approx(12), "happy", "sad")
    assert first.change == pytest.approx(0.86, abs=1e-3)
    assert first.person == 1
    assert first.thumbnail is None
    assert first.to_json() == {
        "time": 5,
        "person": 1,
        "before": "sad",
        "after": "happy",
        "change": 0.86,
    }


def test_moments_of_a_steady_face_are_none() -> None:
    moments = Moments(thumbnails=True)
    changing(moments, {0: HAPPY}, 10)
    assert moments.largest() == []


def test_moments_of_a_person_are_apart_and_at_most_twelve() -> None:
    moments = Moments(thumbnails=False)
    changing(moments, {float(each): (HAPPY, SAD)[each % 2] for each in range(120)}, 120)
    times = [moment.time for moment in moments.largest()]
    assert len(times) == 12
    assert min(np.diff(times)) >= 3 - 1e-6


def test_moments_have_thumbnails_from_before_and_after() -> None:
    moments = Moments(thumbnails=True)
    for time in np.arange(0, 6, 0.2):
        one = sample(float(time), p1=SAD if time < 3 else HAPPY)
        pixels = np.zeros((120, 200, 3), np.uint8)
        # The film is twice as large as its pictures: the face of 90 at (0, 50) is 45 at (0, 25).
        pixels[25:70, 0:45] = 80 if time < 3 else 200
        moments.add(Sample(one.time, Picture(pixels, 400, 240), one.sightings, cut=False))
    [moment] = moments.largest()
    assert moment.thumbnail is not None
    assert moment.thumbnail.shape == (256, 512, 3)
    before, after = moment.thumbnail[:, :256], moment.thumbnail[:, 256:]
    assert before[128, 128].tolist() == [80] * 3
    assert after[128, 128].tolist() == [200] * 3
    # The thumbnail is black beyond the picture's edge.
    assert before[128, 10].tolist() == [0] * 3
