"""The comparison as a person runs it, on the made-up dataset, with rows of a tiny network."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from preprocessing.fer2013 import Fer2013
from train_resnet import files
from train_resnet.__main__ import main
from train_resnet.compare import report, rows
from train_resnet.compare.faces import of_dataset, pack, unpack
from train_resnet.compare.rows import ROWS, Row
from train_resnet.run.architectures import ARCHITECTURES
from train_resnet.run.recipe import Recipe

_RECIPE = Recipe(
    arch="tiny", epochs=2, batch_size=16, optimizer="adam", schedule="constant", early_share=0.0,
    learning_rate=1e-2, averaging=0.0, snapshots=5, drop=("disgust",), precision="float32",
)  # fmt: skip
TINY = (
    Row("one", "a network", "62 %", _RECIPE),
    Row("one-snapshots", "its checkpoints", "64 %", snapshots_of="one"),
    Row("two", "gone on with", "", replace(_RECIPE, snapshots=0), begins_with="one"),
    Row("both", "together", members=("one", "two"), mirrored_view=True),
)


@pytest.fixture(autouse=True)
def tiny_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (rows, report):
        monkeypatch.setattr(module, "ROWS", TINY)


def test_rows_are_recipes_with_names_of_their_own() -> None:
    names = [row.name for row in ROWS]
    assert len(set(names)) == len(names)
    for row in ROWS:
        made_of = [*row.members, *filter(None, (row.snapshots_of, row.begins_with))]
        assert set(made_of) <= set(names[: names.index(row.name)])
        if row.recipe is None:
            assert made_of
        else:
            assert row.recipe.arch in ARCHITECTURES


def test_unpack_gives_the_faces_that_were_packed(toy: Fer2013, tmp_path: Path) -> None:
    faces = of_dataset(toy)
    pack(faces, tmp_path / "faces.npz")
    again = unpack(tmp_path / "faces.npz")
    for name, part in faces.parts.items():
        for field in ("crops", "labels", "votes", "votes_weight"):
            np.testing.assert_array_equal(
                getattr(again.parts[name], field), getattr(part, field), err_msg=field
            )
    for name, fresh in faces.fresh.items():
        np.testing.assert_array_equal(again.fresh[name], fresh)
    (tmp_path / "faces.npz").write_bytes(b"something else")
    with pytest.raises(ValueError, match=r"faces\.npz holds no packed faces"):
        unpack(tmp_path / "faces.npz")


@pytest.mark.slow
def test_compare_trains_rows_once_and_sets_them_side_by_side(
    data_file: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(files, "ROOT", tmp_path)
    monkeypatch.setattr(report, "RECORD", tmp_path / "record.json")
    (tmp_path / "model" / "figures").mkdir(parents=True)
    page = tmp_path / "model" / "BASELINES.md"
    page.write_text("<!-- table -->\n<!-- /table -->\n<!-- memory -->\n<!-- /memory -->\n")
    output = tmp_path / "rows"
    command = f"compare --data {data_file} --output {output} --record"
    assert main(command.split()) == 0
    printed = capsys.readouterr().out
    assert len([line for line in printed.splitlines() if ": PublicTest " in line]) == 4
    assert len(list((output / "one").glob("snapshot-*.keras"))) == 2
    figures = json.loads((tmp_path / "record.json").read_text())
    assert list(figures) == ["one", "one-snapshots", "two", "both"]
    for found in figures.values():
        assert 0 <= found["PrivateTest"] <= 1
    single, twice = figures["one"]["parameters"], figures["one-snapshots"]["parameters"]
    assert twice == 2 * single
    assert figures["both"]["multiply_adds"] == 4 * figures["one"]["multiply_adds"]
    with np.load(output / "both" / "answers.npz") as both:
        parts = [np.load(output / name / "answers.npz")["PrivateTest"] for name in ("one", "two")]
        np.testing.assert_allclose(both["PrivateTest"], np.mean(parts, axis=0), atol=1e-6)
    with (output / "table.csv").open() as file:
        assert [row["row"] for row in csv.DictReader(file)] == [row.name for row in TINY]
    assert report.table(figures) in page.read_text()
    assert (output / "accuracy_against_cost.png").read_bytes().startswith(b"\x89PNG")

    before = (output / "one" / "best.keras").stat().st_mtime_ns
    assert main(command.split()) == 0
    assert (output / "one" / "best.keras").stat().st_mtime_ns == before


@pytest.mark.slow
def test_compare_cross_validates_a_row(data_file: Path, tmp_path: Path) -> None:
    command = f"compare --data {data_file} --output {tmp_path} --rows one --folds 2"
    assert main(command.split()) == 0
    figures = json.loads((tmp_path / "one-2-folds" / "figures.json").read_text())
    assert figures["mean"] == pytest.approx(np.mean(figures["folds"]))
    assert len(figures["folds"]) == 2


def test_compare_names_rows_that_cannot_be_run(
    data_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for wanted, message in (("none", "A row is one of one, "), ("two", "two is made of one, ")):
        command = f"compare --data {data_file} --output {tmp_path} --rows {wanted}"
        assert main(command.split()) == 1
        assert message in capsys.readouterr().err


def test_table_is_that_of_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "ROWS", ROWS)
    figures = json.loads(report.RECORD.read_text(encoding="utf-8"))
    page = (files.ROOT / "model" / "BASELINES.md").read_text(encoding="utf-8")
    assert report.table(figures) in page
    assert report.memory_table(figures) in page
