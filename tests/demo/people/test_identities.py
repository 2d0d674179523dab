import pytest

from tests.demo.people.identities import (
    Scene,
    crossing,
    crossing_fast,
    gap,
    meeting,
    nearing,
    pacing,
    switches,
    turning,
)


def total(scene: Scene, rate: float) -> int:
    return sum(switches(scene, rate, seed) for seed in range(6))


@pytest.mark.parametrize("scene", [turning, gap, meeting, nearing], ids=lambda each: each.__name__)
def test_people_keeps_everybody(scene: Scene) -> None:
    assert total(scene, 5) == 0


@pytest.mark.parametrize(
    ("scene", "most"),
    [(crossing, 2), (crossing_fast, 25), (pacing, 6)],
    ids=["crossing", "crossing_fast", "pacing"],
)
def test_people_seldom_confuses_two_people(scene: Scene, most: int) -> None:
    assert total(scene, 5) <= most


def test_people_tells_runners_apart_at_the_rate_of_a_camera() -> None:
    assert total(crossing_fast, 15) <= 4
