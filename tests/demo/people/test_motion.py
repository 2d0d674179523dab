import numpy as np
import pytest

from demo.people.motion import Motion


def walked(speed: float, rate: float = 5, pictures: int = 8) -> Motion:
    """A face of 90 pixels that walks to the right at `speed` pixels a second."""
    motion = Motion((0, 40, 90, 90))
    for number in range(1, pictures):
        motion.predict(1 / rate)
        motion.correct((round(speed * number / rate), 40, 90, 90))
    return motion


@pytest.mark.parametrize("rate", [5, 15])
def test_motion_expects_a_walker_further_on(rate: float) -> None:
    motion = walked(100, rate)
    last = 100 * 7 / rate
    assert motion.box[0] == pytest.approx(last, abs=6)
    motion.predict(0.2)
    assert motion.box[0] == pytest.approx(last + 20, abs=8)
    assert motion.box[1:] == pytest.approx((40, 90, 90), abs=1)


def test_motion_comes_to_rest_when_nothing_is_found() -> None:
    motion = walked(100)
    motion.predict(2)
    way = motion.box[0] - 140
    assert 50 < way < 110
    motion.predict(100)
    assert motion.box[0] - 140 < 130
    # No measurement changed the size.
    assert motion.box[2:] == pytest.approx((90, 90), abs=1)


def test_motion_is_the_same_in_one_step_and_in_many() -> None:
    once, often = walked(100), walked(100)
    once.predict(1)
    for _ in range(10):
        often.predict(0.1)
    assert once.box == pytest.approx(often.box, abs=0.1)
    # The uncertainty is the same, too: the same face then has the same effect.
    for motion in (once, often):
        motion.correct((300, 40, 90, 90))
    assert once.box == pytest.approx(often.box, abs=3)


def test_motion_treats_near_and_far_faces_alike() -> None:
    for size in (1, 4):
        motion = Motion((0, 0, 50 * size, 50 * size))
        for number in range(1, 6):
            motion.predict(0.2)
            motion.correct((10 * size * number, 0, 50 * size, 50 * size))
        motion.predict(0.5)
        if size == 1:
            small = np.array(motion.box)
    assert np.array(motion.box) == pytest.approx(4 * small, rel=0.02)
