import numpy as np
import pytest

from train_resnet.run.data import Examples
from train_resnet.study import running, trials


def test_shown_gives_larger_or_smaller_faces() -> None:
    [tighter] = [trial for trial in trials.TRIALS if trial.name == "tighter"]
    crops = np.zeros((1, 48, 48), np.uint8)
    crops[:, 14:34, 14:34] = 255
    faces = Examples(crops, *[np.zeros((1, 7), np.float32)] * 2, np.zeros(1, np.float32))
    shown = running.shown(faces, tighter).crops
    assert shown.shape == (1, 32, 32)
    share = (shown > 128).mean() / (crops > 128).mean()
    assert share == pytest.approx(tighter.framing**2, rel=0.1)
