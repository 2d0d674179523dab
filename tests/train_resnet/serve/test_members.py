import json
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from model import classifier
from model.classifier import load
from model.networks.heads import with_maps
from model.networks.side_by_side import side_by_side
from tests.train_resnet.conftest import with_lively_statistics
from train_resnet.__main__ import main
from train_resnet.run.architectures import build
from train_resnet.serve.export import golden_crops, keras_logits
from train_resnet.serve.members import join, members_of


@pytest.fixture(scope="module")
def runs(data_file: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The networks of two runs."""
    folder = tmp_path_factory.mktemp("runs")
    for seed in range(2):
        command = f"train --data {data_file} --arch tiny --epochs 1 --batch-size 16 --seed {seed}"
        assert main([*command.split(), "--output", str(folder / str(seed))]) == 0
    return [str(folder / str(seed) / "best.keras") for seed in range(2)]


def test_networks_side_by_side_answer_with_their_mean() -> None:
    networks = []
    for seed in range(2):
        keras.utils.set_random_seed(seed)
        networks.append(with_lively_statistics(build("tiny", dropout=0.2)))
    crops = golden_crops()
    each = [keras_logits(with_maps(n), crops, mirrored_view=False) for n in networks]
    assert np.abs(each[0].fer_head - each[1].fer_head).max() > 0.1
    for weights in (None, [1, 2]):
        joined = with_maps(side_by_side(networks, weights))
        seen = keras_logits(joined, crops, mirrored_view=False)
        for output in ("fer_head", "votes_head", "fer_maps", "votes_maps"):
            outputs = [getattr(logits, output) for logits in each]
            expected = np.average(outputs, axis=0, weights=weights)
            np.testing.assert_allclose(getattr(seen, output), expected, atol=1e-4)


def test_maps_of_different_sizes_are_averaged_to_the_same_means() -> None:
    networks = [
        with_lively_statistics(build(name, dropout=0.2)) for name in ("resnet18-w16", "dlib-resnet")
    ]
    crops = golden_crops()
    each = [keras_logits(with_maps(n), crops, mirrored_view=False) for n in networks]
    assert [logits.fer_maps.shape[1] for logits in each] == [6, 4]
    seen = keras_logits(with_maps(side_by_side(networks)), crops, mirrored_view=False)
    assert seen.votes_maps.shape[1:3] == (12, 12)
    np.testing.assert_allclose(seen.votes_maps.mean((1, 2)), seen.votes_head, atol=1e-4)
    expected = (each[0].votes_head + each[1].votes_head) / 2
    np.testing.assert_allclose(seen.votes_head, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("models", [["resnet"], ["resnet:2", "resnet:1", "resnet:2"]])
def test_the_served_networks_can_be_joined_again(models: list[str]) -> None:
    crops = golden_crops()
    network, members = join(models, crops)
    expected = load("resnet").members
    assert members == (expected if len(models) == 1 else expected[::-1])
    seen = keras_logits(with_maps(network), crops, mirrored_view=False)
    served = replace(load("resnet"), mirrored_view=False).logits(crops)
    # Keras computes with the kernels of eight bits, LiteRT with faces of eight bits as well.
    np.testing.assert_allclose(seen.fer_head, served.fer_head, atol=0.1)
    np.testing.assert_allclose(seen.votes_head, served.votes_head, atol=0.1)


def test_weights_of_the_history_say_how_their_one_network_was_trained(tmp_path: Path) -> None:
    for ending in ("tflite", "json"):
        content = (classifier.WEIGHTS / f"resnet.{ending}").read_bytes()
        (tmp_path / f"old.{ending}").write_bytes(content)
    info = json.loads((tmp_path / "old.json").read_text())
    [first, *_] = info["training"].pop("members")
    info["training"] |= first
    (tmp_path / "old.json").write_text(json.dumps(info))
    [member] = members_of(str(tmp_path / "old.tflite"))
    assert {name: member[name] for name in first} == first


@pytest.mark.usefixtures("no_evaluation_plots")
def test_joined_networks_measure_as_an_ensemble_and_can_be_served(
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


def test_what_cannot_be_joined_is_named(
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
