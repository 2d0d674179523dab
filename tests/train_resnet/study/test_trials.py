import json
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from preprocessing.fer2013 import Fer2013
from train_resnet import commands
from train_resnet.__main__ import main
from train_resnet.run.architectures import ARCHITECTURES
from train_resnet.run.data import examples
from train_resnet.run.recipe import Recipe
from train_resnet.study import trials as study


def test_every_trial_is_a_recipe_with_a_name_of_its_own() -> None:
    names = [trial.name for trial in study.TRIALS]
    assert len(set(names)) == len(names)
    known = {field.name for field in fields(Recipe)}
    for trial in study.TRIALS:
        assert set(trial.recipe) <= known
        assert trial.recipe.get("arch", study.BASE.arch) in ARCHITECTURES


def test_what_is_learned_differs_as_the_trials_say(toy: Fer2013) -> None:
    part = toy.split("Training")
    usual = examples(part)
    trials = {trial.name: trial.learn(part) for trial in study.TRIALS}
    np.testing.assert_array_equal(trials["base"].crops, usual.crops)
    np.testing.assert_array_equal(trials["raw"].crops, part.images)
    assert not trials["labels"].votes_weight.any()
    np.testing.assert_array_equal(trials["votes"].labels, usual.votes)
    np.testing.assert_array_equal(trials["one-head"].labels, trials["one-head"].votes)
    assert set(np.unique(trials["winners"].votes)) == {0, 1}


def test_faces_are_shown_larger_or_smaller() -> None:
    [tighter] = [trial for trial in study.TRIALS if trial.name == "tighter"]
    crops = np.zeros((1, 48, 48), np.uint8)
    crops[:, 14:34, 14:34] = 255
    faces = study.Examples(crops, *[np.zeros((1, 7), np.float32)] * 2, np.zeros(1, np.float32))
    shown = study._shown(faces, tighter).crops
    assert shown.shape == (1, 32, 32)
    share = (shown > 128).mean() / (crops > 128).mean()
    assert share == pytest.approx(tighter.framing**2, rel=0.1)


def test_a_trial_is_run_once_and_stands_in_the_table(
    data_file: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small = study.replace(study.BASE, arch="tiny", epochs=1, batch_size=16)
    monkeypatch.setattr(study, "BASE", small)
    monkeypatch.setattr(study, "RECORD", tmp_path / "study.json")
    monkeypatch.setattr(commands, "ROOT", tmp_path)
    study.RECORD.write_text("{}")
    page = tmp_path / "train_resnet" / "STUDY.md"
    page.parent.mkdir()
    page.write_text("<!-- study -->\n<!-- /study -->\n")
    command = f"study --data {data_file} --output {tmp_path} --only base taught"
    assert main(command.split()) == 0
    first = (tmp_path / "taught" / "figures.json").read_bytes()
    assert 0 <= json.loads(first)["votes_head"] <= 1
    assert page.read_text() == "<!-- study -->\n<!-- /study -->\n"
    capsys.readouterr()
    assert main([*command.split(), "--record"]) == 0
    assert (tmp_path / "taught" / "figures.json").read_bytes() == first
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    assert [row.split(" | ")[0] for row in rows[2:]] == ["| noise", "| distillation"]
    assert json.loads(study.RECORD.read_text())["taught"] == json.loads(first)
    assert page.read_text().splitlines()[1:-1] == rows

    # What is recorded is neither run again nor lost, wherever the runs are.
    command = f"study --data {data_file} --output {tmp_path / 'other'} --only seed-1 --record"
    assert main(command.split()) == 0
    assert not (tmp_path / "other" / "base").exists()
    assert set(json.loads(study.RECORD.read_text())) == {"base", "seed-1", "taught"}


def test_the_table_of_the_study_is_that_of_its_figures() -> None:
    figures = json.loads(study.RECORD.read_text(encoding="utf-8"))
    page = study.RECORD.parent.with_name("STUDY.md").read_text(encoding="utf-8")
    assert study.table(figures) in page
    assert set(figures) <= {trial.name for trial in study.TRIALS}


def test_a_study_that_cannot_be_is_refused(
    data_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = f"study --data {data_file} --output {tmp_path} --only nothing"
    assert main(command.split()) == 1
    assert "A trial is one of base, " in capsys.readouterr().err
