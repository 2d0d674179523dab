import json
from pathlib import Path

import numpy as np
import pytest

from preprocessing.fer2013 import Fer2013
from train_resnet.__main__ import main
from train_resnet.measure import robustness
from train_resnet.measure.candidates import candidate
from train_resnet.report.tables import find
from train_resnet.serve.export import golden_crops


@pytest.mark.slow
def test_evaluate_measures_a_checkpoint_on_both_label_sets(
    run_folder: Path, data_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One degree of each kind: degraded pictures take most of the time.
    one_of_each = tuple({each.kind: each for each in robustness.CONDITIONS}.values())
    monkeypatch.setattr(robustness, "CONDITIONS", one_of_each)
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


@pytest.mark.slow
@pytest.mark.usefixtures("no_evaluation_plots")
def test_evaluate_measures_several_networks_as_one(
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
