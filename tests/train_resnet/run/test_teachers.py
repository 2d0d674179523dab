from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.mixture import Logits
from train_resnet.run.data import Examples
from train_resnet.run.teachers import ask, read_answers, taught, write_answers


def faces() -> Examples:
    """A happy face with votes for it, and a sad one without votes."""
    hot = np.eye(7, dtype=np.float32)[[3, 4]]
    return Examples(np.zeros((2, 48, 48), np.uint8), hot, hot, np.array([1, 0], np.float32))


def test_taught_moves_targets_towards_the_answers() -> None:
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


def answers(seed: int) -> Logits:
    rng = np.random.default_rng(seed)
    heads = [rng.normal(scale=5, size=(2, 7)).astype(np.float32) for _ in range(2)]
    return Logits(*heads, *(head[:, None, None] for head in heads))


def test_ask_takes_written_answers_for_their_networks(tmp_path: Path) -> None:
    files = [str(tmp_path / f"{seed}.npz") for seed in range(2)]
    for seed, file in enumerate(files):
        write_answers(Path(file), answers(seed), faces())
    expected = Logits.mean([answers(0), answers(1)])
    found = ask(files, faces())
    for head in ("fer_head", "votes_head"):
        np.testing.assert_allclose(getattr(found, head), getattr(expected, head), atol=0.01)


def test_read_answers_refuses_what_cannot_be_used(tmp_path: Path) -> None:
    path = tmp_path / "answers.npz"
    with pytest.raises(ValueError, match=r"answers\.npz holds no teachers' answers"):
        read_answers(path, faces())
    path.write_bytes(b"PK no archive")
    with pytest.raises(ValueError, match=r"answers\.npz holds no teachers' answers"):
        read_answers(path, faces())
    np.savez(path, other=np.zeros(3))
    with pytest.raises(ValueError, match=r"answers\.npz holds no teachers' answers"):
        read_answers(path, faces())
    write_answers(path, answers(0), faces())
    turned = replace(faces(), labels=faces().labels[::-1])
    with pytest.raises(ValueError, match="in another order"):
        read_answers(path, turned)
