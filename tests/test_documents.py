"""The documents say what the code and the weights do."""

import contextlib
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest

from demo.answer.as_json import to_json
from demo.answer.reading import read
from demo.settings import Settings
from model import Recognizer
from model.classifier import Classifier, load
from tests.documents import ROOT, text_of
from train_resnet.report.tables import (
    agreement_table,
    emotions_table,
    figures_table,
    headline_table,
    robustness_table,
)

README = text_of("README.md")
MODEL_CARD = text_of("model/MODEL_CARD.md")
FIGURES = text_of("model/FIGURES.md")
TRAINING = text_of("docs/training.md")


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return load("resnet")


def quoted(text: str, mark: str) -> str:
    [found] = re.findall(f"<!-- {mark} -->\n(.*?)\n<!-- /{mark} -->", text, re.DOTALL)
    return str(found)


@pytest.mark.parametrize("split", ["PublicTest", "PrivateTest"])
def test_figures_are_those_of_the_weights(classifier: Classifier, split: str) -> None:
    assert quoted(FIGURES, f"figures {split}") == figures_table(classifier.info["figures"][split])


@pytest.mark.parametrize("document", [README, MODEL_CARD], ids=["README", "MODEL_CARD"])
def test_the_headline_is_that_of_the_weights(classifier: Classifier, document: str) -> None:
    figures = classifier.info["figures"]["PrivateTest"]
    assert quoted(document, "headline PrivateTest") == headline_table(figures)


def test_figures_by_emotion_agreement_and_degraded_are_those_of_the_weights(
    classifier: Classifier,
) -> None:
    figures = classifier.info["figures"]["PrivateTest"]
    assert quoted(FIGURES, "emotions PrivateTest") == emotions_table(figures["results"])
    assert quoted(FIGURES, "agreement PrivateTest") == agreement_table(figures["agreement"])
    assert quoted(FIGURES, "robustness PrivateTest") == robustness_table(figures["robustness"])


@pytest.mark.parametrize(
    ("document", "most"), [("README.md", 1_100), ("model/MODEL_CARD.md", 2_000)]
)
def test_documents_stay_short(document: str, most: int) -> None:
    assert len(text_of(document).split()) <= most


def test_the_model_card_states_the_network(classifier: Classifier) -> None:
    training = classifier.info["training"]
    assert f"{training['parameters']:,} parameters" in MODEL_CARD
    assert f"{training['multiply_adds'] / 1e6:.0f} million multiply-adds" in MODEL_CARD
    for member in training["members"]:
        assert f"{member['minutes']:.0f} minutes" in MODEL_CARD
        assert f"{member['minutes']:.0f} minutes" in TRAINING
        assert f"--epochs {member['recipe']['epochs']}" in TRAINING
        assert f"--arch {member['recipe']['arch']}" in TRAINING
    assert f"(version {classifier.info['version']})" in MODEL_CARD
    minutes = " and ".join(f"{member['minutes']:.0f}" for member in training["members"])
    assert f"{minutes} minutes" in README
    assert f"{classifier.mixture.votes_share:.1f}" in MODEL_CARD
    assert f"{classifier.uncertain_below:.2f}" in MODEL_CARD


def test_the_readmes_example_prints_what_it_says() -> None:
    [(code, output)] = re.findall(
        r"<!-- example -->\n```python\n(.*?)```\n\n```text\n(.*?)```\n<!-- /example -->",
        README,
        re.DOTALL,
    )
    assert len(code.splitlines()) <= 15
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "README.md", "exec"), {})
    assert printed.getvalue() == output


def test_the_quoted_json_is_the_answer_to_the_same_photograph(
    recognizer: Recognizer, hopper_path: Path
) -> None:
    [block] = re.findall(r"```json\n(\{\"image\".*?)```", text_of("docs/http-api.md"), re.DOTALL)
    quoted, real = json.loads(block), to_json(read(recognizer, hopper_path), recognizer.classifier)
    [shown], [face] = quoted.pop("faces"), real.pop("faces")
    assert quoted == real
    assert list(shown) == list(face)
    np.testing.assert_allclose(shown.pop("landmarks"), face.pop("landmarks"))
    for name, value in face.items():
        assert shown[name] == pytest.approx(value, abs=0.01), name


def test_every_setting_is_documented() -> None:
    for name, field in Settings.model_fields.items():
        variable = str(field.validation_alias or f"DEMO_{name}").upper()
        line = f"| `{variable}` | {field.default} | {field.description} |"
        assert line in text_of("docs/settings.md")


def test_the_model_card_quotes_the_shares_that_were_tried(classifier: Classifier) -> None:
    tried = classifier.info["training"]["votes_shares_tried"]
    for labels in ("fer2013", "ferplus"):
        first, last = (f"{100 * row[f'{labels}_accuracy']:.1f}" for row in (tried[0], tried[-1]))
        assert f"from {first} to {last} %" in MODEL_CARD


def test_weights_are_small_enough() -> None:
    for path in (ROOT / "model" / "weights").glob("*.tflite"):
        assert path.stat().st_size <= 12_000_000
        assert np.frombuffer(path.read_bytes()[4:8], "S4")[0] == b"TFL3"
