from pathlib import Path

import numpy as np
import pytest

from tests.train_resnet.measure.test_metrics import certain
from train_resnet.measure.metrics import measure
from train_resnet.report.tables import (
    agreement_table,
    emotions_table,
    figures_table,
    find,
    headline_table,
    write_between,
)


def test_figures_table_quotes_the_records() -> None:
    figures = measure(certain([0, 1, 2, 3]), np.array([0, 1, 2, 4]))
    records = [
        {"labels": "fer2013", "output": output, "subset": subset, "input": "aligned", **figures}
        for output in ("fer_head", "votes_head", "served")
        for subset in ("all", "without_duplicates")
    ]
    assert find(records, labels="fer2013", output="served")["n"] == 4
    with pytest.raises(KeyError):
        find(records, labels="ferplus", output="served")
    single = {"fer2013": dict.fromkeys(("fer_head", "votes_head", "served"), 0.5)}
    text = figures_table({"results": records, "accuracy_without_the_mirrored_view": single})
    assert "| FER-2013 labels | FER head | 4 | 75.0 % (" in text
    assert ") | 50.0 % | 75.0 % (" in text
    assert "FER+" not in text
    headline = headline_table({"results": records})
    assert headline.splitlines()[2].startswith("| FER-2013 labels | 4 | 75.0 % (")
    assert len(headline.splitlines()) == 3


def test_write_between_replaces_the_text_between_marks(tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text("a\n<!-- figures X -->\nold\n<!-- /figures X -->\nb\n")
    write_between(path, "figures X", "new 100\\1 %")
    write_between(path, "figures X", "newer \\1")
    assert path.read_text() == "a\n<!-- figures X -->\nnewer \\1\n<!-- /figures X -->\nb\n"
    with pytest.raises(ValueError, match="figures Y"):
        write_between(path, "figures Y", "")


def test_emotions_table_has_precision_recall_and_number() -> None:
    figures = measure(certain([3, 3, 6, 6]), np.array([3, 6, 6, 6]))
    records = [
        {"labels": "fer2013", "output": output, "subset": "all", "input": "aligned", **figures}
        for output in ("fer_head", "served")
    ]
    text = emotions_table(records)
    assert "| happy | 50.0 %, 100.0 % of 1 | 50.0 %, 100.0 % of 1 |" in text
    assert "| neutral | 100.0 %, 66.7 % of 3 |" in text


def test_agreement_table_has_the_share_of_the_images() -> None:
    records = [
        {"taggers": 4, "n": 30, "fer_head": 0.3, "votes_head": 0.5, "served": 0.4},
        {"taggers": 10, "n": 90, "fer_head": 0.8, "votes_head": 0.987, "served": 0.9},
    ]
    assert agreement_table(records).splitlines()[2:] == [
        "| 4 or fewer | 30 (25.0 %) | 50.0 % | 40.0 % |",
        "| 10 | 90 (75.0 %) | 98.7 % | 90.0 % |",
    ]
