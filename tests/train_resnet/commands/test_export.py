import json
from pathlib import Path

import pytest

from model import classifier
from train_resnet.__main__ import main


@pytest.mark.slow
@pytest.mark.usefixtures("no_evaluation_plots")
def test_export_measures_as_the_checkpoint_did(
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
