import numpy as np
import pytest

from model.mixture import Logits
from train_resnet.dataset import Examples
from train_resnet.teachers import taught


def faces() -> Examples:
    """A happy face with votes for it, and a sad one without votes."""
    hot = np.eye(7, dtype=np.float32)[[3, 4]]
    return Examples(np.zeros((2, 48, 48), np.uint8), hot, hot, np.array([1, 0], np.float32))


def test_targets_move_towards_the_answers() -> None:
    sure = np.zeros((2, 7), np.float32)
    sure[:, 5] = 30  # of surprise
    maps = np.zeros((2, 6, 6, 7), np.float32)
    answers = Logits(sure, np.zeros((2, 7), np.float32), maps, maps)
    after = taught(faces(), answers, share=0.25)
    np.testing.assert_allclose(after.labels[0, [3, 5]], [0.75, 0.25], atol=1e-6)
    assert after.votes[0, 3] == pytest.approx(0.75 + 0.25 / 7)
    # Where nobody voted the answer is all there is.
    np.testing.assert_allclose(after.votes[1], 1 / 7, atol=1e-6)
    np.testing.assert_array_equal(after.votes_weight, [1, 1])
    np.testing.assert_allclose([after.labels.sum(1), after.votes.sum(1)], 1, atol=1e-6)
