import json
import os
import shutil
import signal
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from preprocessing.fer2013 import Fer2013
from train_resnet.measure.networks import load_network
from train_resnet.run import loop as module
from train_resnet.run import state as state_module
from train_resnet.run.data import Examples, examples
from train_resnet.run.loop import train
from train_resnet.run.recipe import Recipe
from train_resnet.run.stopping import TrainingStopped
from train_resnet.run.validation import head_accuracies

RECIPE = Recipe(
    arch="tiny", epochs=2, batch_size=16, warmup_epochs=0.2, rotation=0, zoom=0, shift=0,
    erasing=0, dropout=0.2, early_share=0, precision="float32",
)  # fmt: skip


@pytest.fixture(scope="module")
def parts(toy: Fer2013) -> tuple[Examples, Examples]:
    return examples(toy.split("Training")), examples(toy.split("PublicTest"))


@pytest.fixture(scope="module")
def whole_run(
    parts: tuple[Examples, Examples], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Recipe]:
    output = tmp_path_factory.mktemp("whole")
    recipe = replace(RECIPE, epochs=12)
    train(recipe, *parts, output)
    return output, recipe


def state(output: Path) -> dict:
    return json.loads((output / "training.json").read_text())


def checkpoint(output: Path) -> list[np.ndarray]:
    """All that a checkpoint holds: weights, statistics, seeds, momentum and the mean weights."""
    with np.load(output / state(output)["checkpoint"]) as arrays:
        return [arrays[name] for name in arrays.files]


@pytest.mark.slow
def test_train_learns_what_can_be_learned(
    whole_run: tuple[Path, Recipe], parts: tuple[Examples, Examples]
) -> None:
    output, _ = whole_run
    history = state(output)["history"]
    assert history[-1]["loss"] < history[0]["loss"] - 0.5
    scores = head_accuracies(load_network(output / "best.keras"), parts[1])
    assert scores["fer_head"] > 0.6
    assert scores["votes_head"] > 0.6
    best = max(
        np.mean([record[f"{kind}_{head}"] for head in ("fer_head", "votes_head")])
        for record in history
        for kind in ("network", "mean")
    )
    assert np.mean(list(scores.values())) == pytest.approx(best, abs=0.02)
    assert len(list(output.glob("checkpoint-*"))) == 1


@pytest.mark.slow
def test_train_begins_with_the_network_it_is_given(
    whole_run: tuple[Path, Recipe], parts: tuple[Examples, Examples], tmp_path: Path
) -> None:
    best = whole_run[0] / "best.keras"
    train(replace(RECIPE, epochs=1, learning_rate=1e-6, pretrained=str(best)), *parts, tmp_path)
    expected = head_accuracies(load_network(best), parts[1])
    assert expected["fer_head"] > 0.6  # More than an epoch from nothing learns.
    assert state(tmp_path)["history"][0]["network_fer_head"] == pytest.approx(
        expected["fer_head"], abs=0.1
    )


@pytest.mark.slow
def test_train_leaves_frozen_layers_as_they_begin(
    whole_run: tuple[Path, Recipe], parts: tuple[Examples, Examples], tmp_path: Path
) -> None:
    begun = load_network(whole_run[0] / "best.keras")
    recipe = replace(
        RECIPE, pretrained=str(whole_run[0] / "best.keras"), frozen="trunk", batch_size=8
    )
    trained = load_network(train(recipe, *parts, tmp_path))
    stayed = [
        all(map(np.array_equal, before.get_weights(), after.get_weights()))
        for before, after in zip(begun.layers, trained.layers, strict=True)
        if before.get_weights()
    ]
    # A kernel, the normalisation with its statistics, and the heads.
    assert stayed == [True, True, False, False]
    with pytest.raises(ValueError, match="--frozen is nosuch; tiny has no such layer"):
        train(replace(RECIPE, frozen="nosuch"), *parts, tmp_path / "other")


@pytest.mark.slow
def test_train_measures_epochs_of_small_images_at_their_size_and_keeps_none(
    parts: tuple[Examples, Examples], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def measured(_: object, data: Examples) -> tuple[dict[str, float], float]:
        seen.append(data.crops.shape[1])
        # The first would be the best, if it were one to keep.
        return {"fer_head": 1 / len(seen), "votes_head": 1 / len(seen)}, 0.0

    monkeypatch.setattr(state_module, "validate", measured)
    train(replace(RECIPE, epochs=3, early_share=0.7, early_side=32), *parts, tmp_path)
    # After the second epoch the network, after the third both it and its mean.
    assert seen == [32, 32, 48, 48]
    assert state(tmp_path)["best"] == pytest.approx(1 / 3)
    assert ["mean_fer_head" in record for record in state(tmp_path)["history"]] == [
        False,
        False,
        True,
    ]


@pytest.mark.slow
def test_train_stopped_by_ctrl_c_and_resumed_gives_the_same_network(
    parts: tuple[Examples, Examples], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight, broken = tmp_path / "straight", tmp_path / "broken"
    recipe = replace(RECIPE, epochs=4)
    train(recipe, *parts, straight)

    original, seen = module.batches, []

    def interrupting(*arguments: object, **options: object) -> object:
        for batch in original(*arguments, **options):  # type: ignore[arg-type]
            seen.append(1)
            if len(seen) == 11:
                os.kill(os.getpid(), signal.SIGINT)
            yield batch

    monkeypatch.setattr(module, "batches", interrupting)
    with pytest.raises(TrainingStopped, match="go on with --resume"):
        train(recipe, *parts, broken)
    assert 10 <= state(broken)["step"] <= 11
    train(recipe, *parts, broken, resume=True)

    assert state(broken)["step"] == state(straight)["step"] == 28
    for expected, weight in zip(checkpoint(straight), checkpoint(broken), strict=True):
        np.testing.assert_allclose(weight, expected, atol=1e-5)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_train_stops_with_the_last_checkpoint_when_the_loss_is_no_number(
    parts: tuple[Examples, Examples], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = module.batches

    def poisoned(data: Examples, recipe: Recipe, epoch: int, first: int = 0) -> object:
        for batch in original(data, recipe, epoch, first):
            if epoch == 1:
                batch.faces[:] = np.nan
            yield batch

    monkeypatch.setattr(module, "batches", poisoned)
    with pytest.raises(TrainingStopped, match=r"loss is nan in step 8.*kept in"):
        train(RECIPE, *parts, tmp_path)
    assert state(tmp_path)["step"] == 7
    assert all(np.isfinite(weight).all() for weight in checkpoint(tmp_path))


@pytest.mark.slow
def test_train_keeps_the_checkpoint_before_when_the_disk_is_full(
    parts: tuple[Examples, Examples], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, calls = np.savez, []

    def full(*arguments: object, **options: object) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        original(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(module.np, "savez", full)
    with pytest.raises(TrainingStopped, match=r"No space left.*before it is kept"):
        train(RECIPE, *parts, tmp_path)
    assert state(tmp_path)["step"] == 7
    assert len(checkpoint(tmp_path)) > 0
    monkeypatch.undo()
    train(RECIPE, *parts, tmp_path, resume=True)
    assert state(tmp_path)["step"] == 14


def test_train_neither_overwrites_a_run_nor_resumes_it_as_another(
    whole_run: tuple[Path, Recipe], parts: tuple[Examples, Examples], tmp_path: Path
) -> None:
    output, recipe = whole_run
    with pytest.raises(ValueError, match="holds a run already"):
        train(recipe, *parts, output)
    with pytest.raises(ValueError, match="another recipe: epochs, seed differ"):
        train(replace(recipe, epochs=13, seed=5), *parts, output, resume=True)
    with pytest.raises(ValueError, match="no checkpoint"):
        train(recipe, *parts, tmp_path, resume=True)


def test_train_resumes_a_checkpoint_of_before_sharpness_aware_steps_went(
    whole_run: tuple[Path, Recipe], parts: tuple[Examples, Examples], tmp_path: Path
) -> None:
    output, recipe = whole_run
    copy = tmp_path / "copy"
    shutil.copytree(output, copy)
    kept = state(copy)
    for radius in (0.0, 0.05):
        kept["recipe"]["sharpness"] = radius
        (copy / "training.json").write_text(json.dumps(kept))
        if radius:
            with pytest.raises(ValueError, match="another recipe: sharpness differ"):
                train(recipe, *parts, copy, resume=True)
        else:
            assert train(recipe, *parts, copy, resume=True).exists()


def test_train_names_a_damaged_checkpoint(
    whole_run: tuple[Path, Recipe], parts: tuple[Examples, Examples], tmp_path: Path
) -> None:
    output, recipe = whole_run
    copy = tmp_path / "copy"
    shutil.copytree(output, copy)
    damaged = copy / state(copy)["checkpoint"]
    damaged.write_bytes(damaged.read_bytes()[:1000])
    with pytest.raises(ValueError, match=r"checkpoint-\d+\.npz cannot be read"):
        train(recipe, *parts, copy, resume=True)


def test_train_works_off_the_main_thread(parts: tuple[Examples, Examples], tmp_path: Path) -> None:
    recipe = replace(RECIPE, epochs=1)
    thread = threading.Thread(target=train, args=(recipe, *parts, tmp_path))
    thread.start()
    thread.join()
    assert state(tmp_path)["step"] == 7
