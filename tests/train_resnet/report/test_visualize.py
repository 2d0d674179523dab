from pathlib import Path

import cv2
import numpy as np
import pytest

from model import load
from train_resnet.__main__ import main
from train_resnet.report.visualize import activations, largest_face


def test_activations_are_those_between_picture_and_heads(hopper_path: Path) -> None:
    classifier, crop = load(), largest_face(hopper_path)
    layers = activations(classifier, crop)
    width = layers[0].shape[2]
    assert [layer.shape for layer in layers] == [
        (48 // 2**stage, 48 // 2**stage, width * 2**stage) for stage in range(4)
    ]
    assert all(layer.min() >= 0 and layer.std() > 0 for layer in layers)
    # They are this face's: another one gives others, and the last are what the heads are made of.
    assert not np.allclose(activations(classifier, crop[:, ::-1])[-1], layers[-1])


@pytest.mark.slow
def test_visualize_draws_a_picture(hopper_path: Path, tmp_path: Path) -> None:
    output = tmp_path / "new" / "layers.png"
    assert main(["visualize", "--picture", str(hopper_path), "--output", str(output)]) == 0
    assert min(cv2.imread(str(output)).shape[:2]) > 500  # type: ignore[union-attr]


def test_visualize_says_when_there_is_no_face(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blank = tmp_path / "blank.png"
    cv2.imwrite(str(blank), np.full((200, 200), 90, np.uint8))
    assert main(["visualize", "--picture", str(blank), "--output", str(tmp_path / "x.png")]) == 1
    assert "no face found" in capsys.readouterr().err
    blank.write_bytes(b"no picture")
    assert main(["visualize", "--picture", str(blank), "--output", str(tmp_path / "x.png")]) == 1
    assert "blank.png" in capsys.readouterr().err
