"""The command line as a whole: what it refuses, and in which words."""

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from train_resnet import files
from train_resnet.__main__ import COMMANDS, main
from train_resnet.commands.train import Train
from train_resnet.run.recipe import Recipe


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
def test_main_refuses_values_that_make_no_recipe_before_anything_is_read(
    options: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = f"train --data nowhere.csv --output {tmp_path} {options}"
    assert main(command.split()) == 1
    assert message in capsys.readouterr().err


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
def test_main_says_in_a_sentence_what_cannot_be_done(
    command: str,
    message: str,
    data_file: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = command.replace("DATA", str(data_file)).replace("OUT", str(tmp_path)).split()
    assert main(words) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("", ": a command must be given: train, ensemble, "),
        ("paint", ": paint is not understood"),
        ("train", ": --output and --data must be given"),
        ("train --data D --output O --colour red", ": --colour red is not understood"),
        ("train --data D --output O --epochs", " train: --epochs needs a value"),
        ("train --data D --output O --epochs many", ": --epochs: invalid literal for int"),
        ("train --data D --output O --optimizer lion", "--optimizer is one of sgd, adam, rmsprop"),
        ("evaluate --data D --output O --split Training", "--split is one of PublicTest, Private"),
        ("join --data D --output O --models", ": --models needs a value"),
    ],
)
def test_main_exits_with_2_and_a_sentence_after_wrong_usage(
    command: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(command.split())
    assert stopped.value.code == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("python -m train_resnet")
    assert sentence in line


def commands_of(document: str) -> list[str]:
    """The command lines that a document shows whole, without its variables."""
    text = (files.ROOT / document).read_text(encoding="utf-8")
    shared = dict(re.findall(r'^(data)="(.*)"$', text, re.MULTILINE))
    found = re.findall(rf"-m train_resnet ((?:{'|'.join(COMMANDS)}) [-$][^`#\n]*)", text)
    whole = [line for line in found if "..." not in line]
    return [re.sub(r"\$\(?(\w+)\)?", lambda m: shared.get(m[1], m[1]), line) for line in whole]


@pytest.mark.parametrize(
    ("document", "count"),
    [("docs/training.md", 11), ("Makefile", 2), ("model/FIGURES.md", 1), ("model/BASELINES.md", 4),
     ("train_resnet/STUDY.md", 1)],
)  # fmt: skip
def test_main_takes_the_commands_of_the_documents(
    document: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[object] = []
    for command in COMMANDS.values():
        monkeypatch.setattr(command, "run", lambda self: taken.append(self))
    lines = commands_of(document)
    assert len(lines) >= count
    for line in lines:
        assert main(line.split()) == 0, line
    assert len(taken) == len(lines)


def test_main_puts_options_into_the_fields_that_they_name(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[Train] = []
    monkeypatch.setattr(Train, "run", lambda self: taken.append(self))
    for line in commands_of("docs/training.md"):
        if line.startswith("train ") and "--votes" in line:
            main(line.split())
    recipes = [command.recipe for command in taken]
    assert [recipe.epochs for recipe in recipes] == [60, 34, 12, 16]
    assert recipes[0].teachers == ("version1.tflite", "version2.tflite")
    assert (recipes[3].frozen, recipes[3].early_share) == ("block5_relu", 0)
    assert {command.source.votes for command in taken} == {Path("fer2013new.csv")}


def test_main_shows_help_without_keras() -> None:
    code = """
import sys
from train_resnet import files
from train_resnet.__main__ import COMMANDS, main
from train_resnet.commands.train import Train
try:
    main(["train", "--help"])
finally:
    print(sorted({"keras", "tensorflow", "cv2", "sklearn", "matplotlib"} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=files.ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"
    # Every field is an option, with the field's text and range.
    for field in fields(Recipe):
        assert f"--{field.name.replace('_', '-')}" in done.stdout
    assert re.search(r"--epochs AT LEAST 1 +Passes over Training\.", done.stdout)
