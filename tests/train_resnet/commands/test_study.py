import json
from dataclasses import replace
from pathlib import Path

import pytest

from train_resnet import files
from train_resnet.__main__ import main
from train_resnet.study import running, table, trials


@pytest.mark.slow
def test_study_runs_a_trial_once_and_puts_it_into_the_table(
    data_file: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small = replace(trials.BASE, arch="tiny", epochs=1, batch_size=16)
    monkeypatch.setattr(running, "BASE", small)
    monkeypatch.setattr(table, "RECORD", tmp_path / "study.json")
    monkeypatch.setattr(files, "ROOT", tmp_path)
    table.RECORD.write_text("{}")
    page = tmp_path / "train_resnet" / "STUDY.md"
    page.parent.mkdir()
    page.write_text("<!-- study -->\n<!-- /study -->\n")
    command = f"study --data {data_file} --output {tmp_path / 'runs'} --only base taught"
    assert main(command.split()) == 0
    first = (tmp_path / "runs" / "taught" / "figures.json").read_bytes()
    assert 0 <= json.loads(first)["votes_head"] <= 1
    assert page.read_text() == "<!-- study -->\n<!-- /study -->\n"
    capsys.readouterr()
    assert main([*command.split(), "--record"]) == 0
    assert (tmp_path / "runs" / "taught" / "figures.json").read_bytes() == first
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    assert [row.split(" | ")[0] for row in rows[2:]] == ["| noise", "| distillation"]
    assert json.loads(table.RECORD.read_text())["taught"] == json.loads(first)
    assert page.read_text().splitlines()[1:-1] == rows

    # What is recorded is neither run again nor lost, wherever the runs are.
    command = f"study --data {data_file} --output {tmp_path / 'other'} --only seed-1 --record"
    assert main(command.split()) == 0
    assert not (tmp_path / "other" / "base").exists()
    assert set(json.loads(table.RECORD.read_text())) == {"base", "seed-1", "taught"}


def test_study_refuses_what_cannot_be_run(
    data_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for trial, message in (
        ("nothing", "A trial is one of base, "),
        ("sharpness", "sharpness needs code that is gone: check out 5376364 to run it."),
    ):
        command = f"study --data {data_file} --output {tmp_path} --only {trial}"
        assert main(command.split()) == 1
        assert message in capsys.readouterr().err
