import json
from pathlib import Path

import pytest

from train_resnet.__main__ import main
from train_resnet.commands.evaluate import Evaluate


@pytest.mark.slow
@pytest.mark.usefixtures("no_evaluation_plots")
def test_ensemble_trains_members_and_pupil_and_goes_on_where_it_was(
    data_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = f"ensemble --data {data_file} --arch tiny --pupil tiny --epochs 1"
    command += f" --members 2 --output {tmp_path}"
    assert main(command.split()) == 0
    runs = ("member-0", "member-1", "pupil")
    before = {name: json.loads((tmp_path / name / "training.json").read_text()) for name in runs}
    assert [before[name]["recipe"]["seed"] for name in runs] == [0, 1, 0]
    teachers = [str(tmp_path / name / "best.keras") for name in runs[:2]]
    assert [before[name]["recipe"]["teachers"] for name in runs] == [[], [], teachers]
    assert [before[name]["recipe"]["dropout"] for name in runs] == [0.2] * 3
    assert (tmp_path / "together" / "metrics.json").exists()
    # The figures are there; to measure them again would take half of the time.
    monkeypatch.setattr(Evaluate, "run", lambda _: None)
    assert main(command.split()) == 0
    for name in runs:
        assert json.loads((tmp_path / name / "training.json").read_text()) == before[name]


def test_ensemble_refuses_to_have_no_members(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ensemble", "--data", "none.csv", "--output", "none", "--members", "0"]) == 1
    assert "--members is 0; it is at least 1." in capsys.readouterr().err
