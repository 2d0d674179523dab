from pathlib import Path

import pytest

from preprocessing.compare.__main__ import main as compare_detectors
from preprocessing.results import Occupied, claim
from train_resnet.__main__ import main as train_resnet


def test_claim_takes_new_and_empty_folders_and_those_of_earlier_runs(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "new"
    claim(folder)
    (folder / "metrics.json").write_text("{}")
    claim(folder)
    (tmp_path / "empty").mkdir()
    claim(tmp_path / "empty")
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "training.json").write_text("{}")
    claim(tmp_path / "old")


def test_claim_refuses_a_folder_with_files_of_somebody_else(tmp_path: Path) -> None:
    photograph = tmp_path / "robustness.png"
    photograph.write_bytes(b"mine")
    with pytest.raises(Occupied, match="did not write"):
        claim(tmp_path)
    with pytest.raises(Occupied, match="is a file"):
        claim(photograph)
    assert list(tmp_path.iterdir()) == [photograph]
    assert photograph.read_bytes() == b"mine"


@pytest.mark.parametrize(
    "command",
    [
        ["train"],
        ["evaluate", "--model", "resnet", "--split", "PublicTest"],
        ["join", "--models", "resnet", "resnet"],
        ["ensemble"],
        ["study"],
        ["compare"],
    ],
    ids=lambda command: command[0],
)
def test_train_resnet_refuses_a_folder_with_files_of_somebody_else(
    tmp_path: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "table.csv"
    table.write_text("mine")
    given = ["--data", str(tmp_path / "none.csv"), "--output", str(tmp_path)]
    assert train_resnet([*command, *given]) == 2
    assert "did not write" in capsys.readouterr().err
    assert table.read_text() == "mine"


def test_visualize_and_pack_refuse_a_file_that_exists(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photograph = tmp_path / "photograph.png"
    photograph.write_bytes(b"mine")
    assert train_resnet(["visualize", "--output", str(photograph)]) == 2
    results = tmp_path / "results"
    given = ["--data", str(tmp_path / "none.csv"), "--output", str(results)]
    assert train_resnet(["compare", *given, "--pack", str(photograph)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert photograph.read_bytes() == b"mine"


def test_compare_detectors_refuses_a_folder_with_files_of_somebody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "detectors.md").write_text("mine")
    monkeypatch.setattr("sys.argv", ["compare", "--output", str(tmp_path)])
    assert compare_detectors() == 2
    assert (tmp_path / "detectors.md").read_text() == "mine"
