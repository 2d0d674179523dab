"""`train` as a person types it, on the made-up dataset."""

import json
from pathlib import Path

import pytest

from train_resnet.__main__ import main
from train_resnet.run import teachers


def test_train_leaves_network_calibration_and_curves(run_folder: Path) -> None:
    assert (run_folder / "best.keras").exists()
    calibration = json.loads((run_folder / "calibration.json").read_text())
    assert 0 <= calibration["mixture"]["votes_share"] <= 1
    assert (run_folder / "training_curves.png").read_bytes().startswith(b"\x89PNG")
    assert len(json.loads((run_folder / "training.json").read_text())["history"]) == 2


def test_train_resumes_a_finished_run_to_itself(run_folder: Path, data_file: Path) -> None:
    command = f"train --data {data_file} --arch tiny --epochs 2 --batch-size 16 --resume"
    assert main([*command.split(), "--output", str(run_folder)]) == 0


@pytest.mark.slow
def test_train_does_not_resume_a_pupil_without_its_teachers(
    run_folder: Path, data_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    teacher = run_folder / "best.keras"
    command = f"train --data {data_file} --arch tiny --epochs 1 --output {tmp_path}"
    assert main([*command.split(), "--teachers", str(teacher)]) == 0
    assert main([*command.split(), "--resume"]) == 1
    assert "was trained by another recipe: teachers differ" in capsys.readouterr().err
    assert main([*command.split(), "--resume", "--teachers", str(teacher)]) == 0


@pytest.mark.slow
def test_train_asks_teachers_once_a_run_and_their_answers_teach_another(
    run_folder: Path, data_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = f"train --data {data_file} --arch tiny --epochs 1 --teachers".split()
    first = [*command, str(run_folder / "best.keras"), "--output", str(tmp_path / "first")]
    assert main(first) == 0
    answers = tmp_path / "first" / "answers.npz"
    assert main([*command, str(answers), "--output", str(tmp_path / "second")]) == 0
    histories = [
        json.loads((tmp_path / name / "training.json").read_text())["history"][0]
        for name in ("first", "second")
    ]
    assert histories[0]["loss"] == pytest.approx(histories[1]["loss"], rel=1e-6)
    monkeypatch.setattr(teachers, "ask", lambda *_: pytest.fail("asked again"))
    assert main([*first, "--resume"]) == 0


def test_train_says_that_a_full_disk_cannot_take_the_answers(
    run_folder: Path,
    data_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def full(path: Path, *_: object) -> None:
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(teachers, "write_answers", full)
    command = f"train --data {data_file} --arch tiny --teachers {run_folder / 'best.keras'}"
    assert main([*command.split(), "--output", str(tmp_path)]) == 1
    assert "answers.npz cannot be written" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [".results"]


@pytest.mark.slow
def test_train_learns_from_networks_and_answers_together(
    run_folder: Path, data_file: Path, tmp_path: Path
) -> None:
    network = str(run_folder / "best.keras")
    command = f"train --data {data_file} --arch tiny --epochs 1 --teachers".split()
    assert main([*command, network, "--output", str(tmp_path / "first")]) == 0
    answers = str(tmp_path / "first" / "answers.npz")
    assert main([*command, answers, network, "--output", str(tmp_path / "second")]) == 0
    # The mean of a network's answers and of what it answered is the same again.
    losses = [
        json.loads((tmp_path / name / "training.json").read_text())["history"][0]["loss"]
        for name in ("first", "second")
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
