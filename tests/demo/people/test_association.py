from itertools import permutations

import numpy as np
import pytest

from demo.people.association import pairs


def boxes(count: int, seed: int) -> list[tuple[float, float, float, float]]:
    chance = np.random.default_rng(seed)
    return [(*chance.uniform(0, 200, 2), *chance.uniform(60, 120, 2)) for _ in range(count)]


def overlap(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """The overlap of two grown boxes, written out."""
    (x, y, w, h), (u, v, a, b) = one, other
    across = min(x + 1.5 * w, u + 1.5 * a) - max(x - 0.5 * w, u - 0.5 * a)
    down = min(y + 1.5 * h, v + 1.5 * b) - max(y - 0.5 * h, v - 0.5 * b)
    common = max(0.0, across) * max(0.0, down)
    return common / (4 * w * h + 4 * a * b - common)


@pytest.mark.parametrize(("expected", "found"), [(1, 1), (3, 5), (5, 3), (5, 5)])
def test_pairs_are_the_best_of_all_assignments(expected: int, found: int) -> None:
    for seed in range(20):
        ones, others = boxes(expected, seed), boxes(found, 100 + seed)
        trust = np.random.default_rng(seed).uniform(0.1, 1, expected)
        worth = np.array(
            [
                [weight * max(0.0, overlap(one, other) - 0.2) for other in others]
                for one, weight in zip(ones, trust, strict=True)
            ]
        )
        square = np.zeros((max(worth.shape),) * 2)
        square[:expected, :found] = worth
        rows = range(len(square))
        best = max(sum(square[rows, each]) for each in map(list, permutations(rows)))
        chosen = pairs(ones, list(trust), others, 0.2)
        assert sum(worth[pair] for pair in chosen) == pytest.approx(best)
        assert all(worth[pair] > 0 for pair in chosen)
        for side in zip(*chosen, strict=True):
            assert len(set(side)) == len(side)


def test_pairs_leaves_out_faces_that_overlap_too_little() -> None:
    here, beside, far = (0, 0, 90, 90), (90, 0, 90, 90), (900, 0, 90, 90)
    # A neighbour's grown box overlaps by a third.
    assert pairs([here], [1], [beside], 0.3) == [(0, 0)]
    assert pairs([here], [1], [beside], 0.34) == []
    assert pairs([here], [1], [far], 0) == []
    assert pairs([], [], [here], 0) == []
    assert pairs([here], [1], [], 0) == []


def test_pairs_gives_a_face_to_the_more_trusted_of_two_at_one_place() -> None:
    near, exact = (10, 0, 90, 90), (0, 0, 90, 90)
    assert pairs([near, exact], [1, 1], [exact], 0.2) == [(1, 0)]
    assert pairs([near, exact], [1, 0.5], [exact], 0.2) == [(0, 0)]
