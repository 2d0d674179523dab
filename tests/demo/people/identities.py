"""Made films of people at known places, and how often a tracker confuses two of them.

`python -m tests.demo.people.identities` prints a table of the identity switches in each film, at several
rates, over twenty random runs of the detector's errors.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from demo.people.tracking import People
from model import FaceExpression
from tests.demo.faces import face

RATES = (2, 5, 15)
RUNS = 20

_SECONDS = 8.0


@dataclass(frozen=True)
class Head:
    """A face's middle, width and height in pixels."""

    x: float
    y: float
    width: float = 90
    height: float = 90


# The heads at a time, one for each person of the film; None for a hidden person.
Scene = Callable[[float], list[Head | None]]


def sitting(_: float) -> list[Head | None]:
    """Three people side by side, their faces almost touching."""
    return [Head(x, 150) for x in (100, 205, 310)]


def turning(time: float) -> list[Head | None]:
    """A head turns to the left and to the right; it is not found in profile."""
    angle = np.radians(85) * np.sin(1.6 * time)
    if abs(angle) > np.radians(65):
        return [None]
    return [Head(300 + 45 * np.sin(angle), 150, 90 * max(0.55, np.cos(angle)))]


def _hiding(front: Head, back: Head) -> list[Head | None]:
    near = abs(front.x - back.x) < 0.8 * front.width and abs(front.y - back.y) < 0.8 * front.height
    return [front, None if near else back]


def crossing(time: float) -> list[Head | None]:
    """Two people walk past each other; one is hidden for almost a second."""
    return _hiding(Head(20 + 75 * time, 150), Head(620 - 75 * time, 160))


def crossing_fast(time: float) -> list[Head | None]:
    """Two people run past each other again and again."""
    way = 280 * np.cos(np.pi * time / 2)
    return _hiding(Head(320 + way, 150), Head(320 - way, 165))


def meeting(time: float) -> list[Head | None]:
    """Two people come together until their faces touch, and go back again."""
    way = 55 + 150 * abs(np.cos(np.pi * time / 4))
    return [Head(320 - way, 150), Head(320 + way, 150)]


def gap(time: float) -> list[Head | None]:
    """One of two people is not found for 1.4 seconds while both walk on."""
    away = 3 <= time < 4.4
    return [None if away else Head(100 + 50 * time, 150), Head(300 + 50 * time, 150)]


def pacing(time: float) -> list[Head | None]:
    """Someone walks fast, turns around within a picture, and walks back."""
    return [Head(100 + 300 * abs(time % 3 - 1.5), 150)]


def nearing(time: float) -> list[Head | None]:
    """One person walks up to the camera beside a sitting person."""
    side = 60 * np.exp(0.18 * time)
    return [Head(500 - 20 * time, 150 + 10 * time, side, side), Head(120, 150)]


def shaking(time: float) -> list[Head | None]:
    """A camera in a hand shakes: four people jump by up to a third of their width."""
    x, y = 30 * np.sin(37 * time), 20 * np.sin(53 * time)
    return [Head(100 + 130 * number + x, 150 + y) for number in range(4)]


def audience(time: float) -> list[Head | None]:
    """Twelve people in two rows sway."""
    return [
        Head(
            80 + 110 * (number % 6) + 15 * np.sin(1.3 * time + number),
            120 + 120 * (number // 6) + 6 * np.sin(0.9 * time + 2 * number),
        )
        for number in range(12)
    ]


SCENES: tuple[Scene, ...] = (
    *(sitting, turning, crossing, crossing_fast, meeting, gap, pacing, nearing, shaking, audience),
)


def detected(
    scene: Scene, rate: float, seed: int
) -> Iterator[tuple[float, list[tuple[int, FaceExpression]]]]:
    """The times of the pictures, and each found face with the index of its person.

    Boxes are off by 4 % of their size (standard deviation), and a tenth of the faces is missed.
    """
    chance = np.random.default_rng(seed)
    for number in range(round(_SECONDS * rate)):
        time = number / rate
        found = []
        for person, head in enumerate(scene(time)):
            x, y, width, height = chance.normal(0, 0.04, 4)
            missed = chance.random() < 0.1
            if head is None or missed:
                continue
            one = face(head.x + x * head.width, head.y + y * head.height)
            wide, high = head.width * (1 + width), head.height * (1 + height)
            left, top = head.x + x * head.width - wide / 2, head.y + y * head.height - high / 2
            box = (round(left), round(top), round(wide), round(high))
            found.append((person, FaceExpression(**{**vars(one), "box": box})))
        yield time, sorted(found, key=lambda each: each[1].box[0])


def switches(scene: Scene, rate: float, seed: int) -> int:
    """How often a person's number differs from the last sighting."""
    people = People(0.5)
    seen = [
        (person, sighting)
        for time, found in detected(scene, rate, seed)
        for (person, _), sighting in zip(
            found, people.update([one for _, one in found], time), strict=True
        )
    ]
    numbers: dict[int, int] = {}
    changed = 0
    # The numbers that are final at the end.
    for person, sighting in seen:
        if sighting.person is not None:
            changed += numbers.get(person, sighting.person) != sighting.person
            numbers[person] = sighting.person
    return changed


def main() -> None:
    """Prints the table."""
    print(f"{'film':<14}" + "".join(f"{f'{rate} a second':>14}" for rate in RATES))
    for scene in SCENES:
        counts = [sum(switches(scene, rate, seed) for seed in range(RUNS)) for rate in RATES]
        print(f"{scene.__name__:<14}" + "".join(f"{count:>14}" for count in counts))


if __name__ == "__main__":
    main()
