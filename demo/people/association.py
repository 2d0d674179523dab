"""Matches the boxes found in a picture with the boxes that were expected there."""

from collections.abc import Sequence

import dlib
import numpy as np

# Left, top, width and height in pixels.
Box = Sequence[float]

# Boxes grow by half their size on each side before they are compared. At five pictures per second, a
# face may move by its own width between two pictures and would then not overlap with itself.
# (Yang et al., "Hard to Track Objects with Irregular Motions and Similar Appearances? Make It Easier
# by Buffering the Matching Space", WACV 2023.)
_GROWN = 0.5


def pairs(
    expected: Sequence[Box], trust: Sequence[float], found: Sequence[Box], least: float
) -> list[tuple[int, int]]:
    """Pairs boxes so that their overlaps add up to the largest possible sum.

    The overlap is the intersection over union of two boxes, after each has grown by half its size on
    every side. The part above `least` counts, weighted with the trust. The assignment is exact: dlib
    solves it with the Hungarian method (Kuhn, Naval Research Logistics Quarterly 1955).

    Args:
        expected: n boxes.
        trust: n weights above 0. If two expected boxes lie at the same place, the more trusted one gets
            the face.
        found: m boxes.
        least: the overlap, from 0 to 1, that a pair must exceed.

    Returns:
        The indices of each pair, the one in `expected` first, then the one in `found`.
    """
    if not expected or not found:
        return []
    worth = np.maximum(_overlaps(expected, found) - least, 0) * np.array(trust)[:, None]
    if not worth.any():
        return []
    square = np.zeros((max(worth.shape),) * 2)
    square[: worth.shape[0], : worth.shape[1]] = worth
    chosen = enumerate(dlib.max_cost_assignment(dlib.matrix(square)))
    return [(row, column) for row, column in chosen if square[row, column] > 0]


def _overlaps(expected: Sequence[Box], found: Sequence[Box]) -> np.ndarray:
    """Returns the intersection over union of the grown boxes, `(n, m)`."""
    ones, others = (_corners(boxes) for boxes in (expected, found))
    low = np.maximum(ones[:, None, :2], others[None, :, :2])
    high = np.minimum(ones[:, None, 2:], others[None, :, 2:])
    common = np.clip(high - low, 0, None).prod(axis=2)
    areas = [(corners[:, 2:] - corners[:, :2]).prod(axis=1) for corners in (ones, others)]
    overlaps: np.ndarray = common / (areas[0][:, None] + areas[1][None, :] - common)
    return overlaps


def _corners(boxes: Sequence[Box]) -> np.ndarray:
    """Returns left, top, right and bottom of the grown boxes, `(n, 4)`."""
    places = np.array(boxes, np.float64)
    grown = _GROWN * places[:, 2:]
    return np.hstack([places[:, :2] - grown, places[:, :2] + places[:, 2:] + grown])
