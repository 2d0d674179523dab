"""The commands as a person types them, on the made-up dataset."""

import json
from pathlib import Path

import numpy as np
import pytest

from model import classifier
from preprocessing.fer2013 import Fer2013
from train_resnet.__main__ import main
from train_resnet.measure.candidates import candidate
from train_resnet.report.tables import find
from train_resnet.run import teachers
from train_resnet.serve.export import golden_crops


@pytest.fixture(scope="module")
def run_folder(data_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("run")
    command = f"train --data {data_file} --arch tiny --epochs 2 --batch-size 16"
    assert main([*command.split(), "--output", str(output)]) == 0
    return output


def test_training_leaves_network_calibration_and_curves(run_folder: Path) -> None:
    assert (run_folder / "best.keras").exists()
    calibration = json.loads((run_folder / "calibration.json").read_text())
    assert 0 <= calibration["mixture"]["votes_share"] <= 1
    assert (run_folder / "training_curves.png").read_bytes().startswith(b"\x89PNG")
    assert len(json.loads((run_folder / "training.json").read_text())["history"]) == 2


def test_a_finished_run_resumes_to_itself(run_folder: Path, data_file: Path) -> None:
    command = f"train --data {data_file} --arch tiny --epochs 2 --batch-size 16 --resume"
    assert main([*command.split(), "--output", str(run_folder)]) == 0


def test_a_checkpoint_is_evaluated_on_both_label_sets(
    run_folder: Path, data_file: Path, tmp_path: Path
) -> None:
    command = f"evaluate --data {data_file} --model {run_folder / 'best.keras'} --split PrivateTest"
    assert main([*command.split(), "--output", str(tmp_path)]) == 0
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    combinations = {(r["labels"], r["output"], r["subset"], r["input"]) for r in metrics["results"]}
    assert len(combinations) == len(metrics["results"]) == 2 * 3 * 2 * 2
    single = metrics["accuracy_without_the_mirrored_view"]
    assert all(0 <= single[labels]["served"] <= 1 for labels in ("fer2013", "ferplus"))
    for plot in (
        *("confusion_matrix", "reliability", "risk_coverage", "robustness", "training_curves"),
        *("mistakes_fer2013", "mistakes_ferplus"),
    ):
        assert (tmp_path / f"{plot}.png").read_bytes().startswith(b"\x89PNG")
    votes = find(metrics["results"], labels="ferplus", output="votes_head")
    agreement = metrics["agreement"]
    assert sum(record["n"] for record in agreement) == votes["n"]
    right = sum(record["n"] * record["votes_head"] for record in agreement)
    assert right == pytest.approx(votes["n"] * votes["accuracy"])
    kinds = {record["kind"] for record in metrics["robustness"]}
    assert {"clean", "darkened", "JPEG", "turned", "covered"} <= kinds


@pytest.mark.usefixtures("no_evaluation_plots")
def test_several_networks_are_evaluated_as_one(
    run_folder: Path, data_file: Path, toy: Fer2013, tmp_path: Path
) -> None:
    # Their maps are of different sizes.
    both = ["resnet", str(run_folder / "best.keras"), "resnet"]
    command = f"evaluate --data {data_file} --split PublicTest --no-robustness --output {tmp_path}"
    assert main([*command.split(), "--model", *both]) == 0
    assert json.loads((tmp_path / "metrics.json").read_text())["model"] == both
    crops = golden_crops()
    seen = candidate(both, toy).predict(crops)
    twice, once = (candidate([model], toy).predict(crops) for model in both[:2])
    for head in ("fer_head", "votes_head"):
        expected = (2 * getattr(twice, head) + getattr(once, head)) / 3
        np.testing.assert_allclose(getattr(seen, head), expected, atol=1e-5)


@pytest.mark.usefixtures("no_evaluation_plots")
def test_an_ensemble_trains_its_members_and_a_pupil_and_goes_on_where_it_was(
    data_file: Path, tmp_path: Path
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
    assert main(command.split()) == 0
    for name in runs:
        assert json.loads((tmp_path / name / "training.json").read_text()) == before[name]


def test_a_pupil_is_not_resumed_without_its_teachers(
    run_folder: Path, data_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    teacher = run_folder / "best.keras"
    command = f"train --data {data_file} --arch tiny --epochs 1 --output {tmp_path}"
    assert main([*command.split(), "--teachers", str(teacher)]) == 0
    assert main([*command.split(), "--resume"]) == 1
    assert "was trained by another recipe: teachers differ" in capsys.readouterr().err
    assert main([*command.split(), "--resume", "--teachers", str(teacher)]) == 0


def test_teachers_are_asked_once_a_run_and_their_answers_teach_another(
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


def test_a_full_disk_while_answers_are_written_ends_in_a_sentence(
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
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--teaching 1.5", "--teaching is 1.5; it is from 0 to 1"),
        ("--early-share 2", "--early-share is 2.0; it is from 0 to 1"),
        ("--label-smoothing -0.1", "--label-smoothing is -0.1; it is from 0 to 1"),
        ("--mixup -1", "--mixup is -1.0; it is at least 0"),
        ("--epochs 0", "--epochs is 0; it is at least 1"),
        ("--batch-size 0", "--batch-size is 0; it is at least 1"),
    ],
)
def test_values_that_make_no_recipe_are_refused_before_anything_is_read(
    options: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = f"train --data nowhere.csv --output {tmp_path} {options}"
    assert main(command.split()) == 1
    assert message in capsys.readouterr().err


def test_networks_and_answers_teach_together(
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


@pytest.mark.usefixtures("no_evaluation_plots")
def test_what_is_exported_measures_as_the_checkpoint_did(
    run_folder: Path, data_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classifier, "WEIGHTS", tmp_path)
    checkpoint = run_folder / "best.keras"
    assert (
        main(["export", "--data", str(data_file), "--checkpoint", str(checkpoint), "--name", "toy"])
        == 0
    )
    info = json.loads((tmp_path / "toy.json").read_text())
    assert info["training"]["members"][0]["recipe"]["arch"] == "tiny"
    assert info["training"]["parameters"] == 1598
    results = {}
    for model in (str(checkpoint), str(tmp_path / "toy.tflite")):
        output = tmp_path / Path(model).suffix[1:]
        command = f"evaluate --data {data_file} --model {model} --split PublicTest --no-robustness"
        assert main([*command.split(), "--output", str(output)]) == 0
        results[model] = json.loads((output / "metrics.json").read_text())["results"]
    for first, second in zip(*results.values(), strict=True):
        # Kernels of eight bits may turn one of 28 close answers, and the biases fitted to them another.
        assert first["accuracy"] == pytest.approx(second["accuracy"], abs=2.5 / 28)
        assert first["nll"] == pytest.approx(second["nll"], abs=0.02)


def test_architectures_are_listed_with_their_cost(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["architectures"]) == 0
    printed = capsys.readouterr().out
    assert "resnet18-w32" in printed
    assert "mini-xception" in printed
    assert len(printed.splitlines()) >= 6


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("train --data none.csv --output OUT", "none.csv: there is no such file"),
        ("train --data DATA --arch unknown --output OUT", "'unknown'"),
        ("train --data DATA --resume --output OUT", "no checkpoint to resume"),
        ("evaluate --data DATA --model none --split PublicTest --output OUT", "no weights 'none'"),
        ("evaluate --data DATA --model no.keras --split PublicTest --output OUT", "no.keras is no"),
        (
            "evaluate --data DATA --model resnet no.tflite --split PublicTest --output OUT",
            "no.tflite",
        ),
        ("train --data DATA --teachers no.keras --output OUT", "no.keras is no network"),
        ("export --data DATA --checkpoint OUT/best.keras --name x", "training.json is missing"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    command: str,
    message: str,
    data_file: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = command.replace("DATA", str(data_file)).replace("OUT", str(tmp_path)).split()
    assert main(words) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("command", ["", "paint", "train", "evaluate --split Training"])
def test_wrong_usage_exits_with_2(command: str) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(command.split())
    assert stopped.value.code == 2
