from pathlib import Path

import cv2
import numpy as np
import pytest

from model import load
from train_resnet.__main__ import main
from train_resnet.report.visualize import (
    activations,
    largest_face,
    look_of_checkpoint,
    plot_look,
)
from train_resnet.run.architectures import build


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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arch", "layers", "expected"),
    [("cnn-wide", (), ["first_conv", "second_conv", "third_conv"]),
     ("cnn-wide", ("third_pool",), ["third_pool"]),
     ("mini-xception", (), ["stem1_relu", *(f"stage{n}_relu" for n in range(1, 5))])],
)  # fmt: skip
def test_look_of_checkpoint_shows_layers_of_any_network(
    arch: str, layers: tuple[str, ...], expected: list[str], tmp_path: Path
) -> None:
    build(arch, dropout=0.0).save(tmp_path / "best.keras")
    crop = np.tile(np.arange(48, dtype=np.uint8) * 5, (48, 1))
    look = look_of_checkpoint(tmp_path / "best.keras", crop, layers)
    assert [name for name, _ in look.layers] == expected
    assert all(layer.ndim == 3 and layer.std() > 0 for _, layer in look.layers)
    assert look.probabilities.sum() == pytest.approx(1)
    assert (look.maps is not None) == (arch == "mini-xception")
    plot_look(look, crop, tmp_path / "layers.png")
    assert (tmp_path / "layers.png").read_bytes().startswith(b"\x89PNG")


def test_visualize_names_the_layers_that_there_are(
    run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["visualize", "--layers", "trunk", "none", "--output", str(tmp_path / "x.png")]
    assert main([*command, "--model", str(run_folder / "best.keras")]) == 1
    message = capsys.readouterr().err
    assert "has no layer none that gives maps. Those that do: rescaling" in message
    assert ", trunk, " in message
    assert main(command) == 1
    assert "--layers needs a .keras file as --model" in capsys.readouterr().err
    (tmp_path / "x.png").write_bytes(b"mine")
    assert main([*command, "--model", str(run_folder / "best.keras")]) == 2
    assert (tmp_path / "x.png").read_bytes() == b"mine"


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
