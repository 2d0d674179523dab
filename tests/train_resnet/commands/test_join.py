import json
from pathlib import Path

import pytest

from model import classifier
from model.classifier import load
from train_resnet.__main__ import main
from train_resnet.measure.members import members_of
from train_resnet.serve.export import golden_crops
from train_resnet.serve.join import join


@pytest.fixture(scope="module")
def runs(data_file: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The networks of two runs."""
    folder = tmp_path_factory.mktemp("runs")
    for seed in range(2):
        command = f"train --data {data_file} --arch tiny --epochs 1 --batch-size 16 --seed {seed}"
        assert main([*command.split(), "--output", str(folder / str(seed))]) == 0
    return [str(folder / str(seed) / "best.keras") for seed in range(2)]


@pytest.mark.slow
@pytest.mark.usefixtures("no_evaluation_plots")
def test_join_measures_as_an_ensemble_and_can_be_served(
    runs: list[str], data_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classifier, "WEIGHTS", tmp_path / "weights")
    joined = tmp_path / "joined" / "best.keras"
    command = f"join --data {data_file} --output {joined.parent} --models".split()
    assert main([*command, *runs]) == 0
    assert (
        main(["export", "--data", str(data_file), "--checkpoint", str(joined), "--name", "toy"])
        == 0
    )
    trained = load("toy").info["training"]
    assert [member["recipe"]["seed"] for member in trained["members"]] == [0, 1]
    assert trained["parameters"] == 2 * 1598
    results = []
    for number, models in enumerate((runs, [str(joined)], ["toy"])):
        output = tmp_path / str(number)
        command = f"evaluate --data {data_file} --split PublicTest --no-robustness".split()
        assert main([*command, "--output", str(output), "--model", *models]) == 0
        results.append(json.loads((output / "metrics.json").read_text())["results"])
    assert (tmp_path / "1" / "training_curves_2.png").exists()
    for together, kept, served in zip(*results, strict=True):
        assert together["nll"] == pytest.approx(kept["nll"], abs=1e-4)
        assert together["nll"] == pytest.approx(served["nll"], abs=0.02)


@pytest.mark.slow
def test_join_names_what_cannot_be_joined(
    runs: list[str], data_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = f"join --data {data_file} --models".split()
    assert main([*command, *runs, "--output", str(Path(runs[0]).parent)]) == 1
    assert "holds a run already: name another folder" in capsys.readouterr().err
    assert main([*command, *runs, "--output", str(tmp_path / "both")]) == 0
    again = [*command, str(tmp_path / "both" / "best.keras"), "--output", str(tmp_path / "again")]
    assert main(again) == 1
    assert "was joined already: name the networks it was made of" in capsys.readouterr().err
    for number in (0, 3):
        with pytest.raises(ValueError, match=f"resnet has no network {number}: it holds 2"):
            join([f"resnet:{number}"], golden_crops())
    with pytest.raises(ValueError, match=r"training\.json is missing"):
        members_of(str(tmp_path / "nowhere" / "best.keras"))
