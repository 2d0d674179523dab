"""Figures in the places that quote them: the weights' JSON, README, model card and FIGURES.md."""

import json
import shutil
from pathlib import Path
from typing import Any

from model import classifier
from train_resnet import files
from train_resnet.report import tables


def printed(split: str, figures: dict[str, Any]) -> str:
    """What `evaluate` prints.

    Args:
        split: a part of FER-2013, such as PublicTest.
        figures: `results`, `accuracy_without_the_mirrored_view`, `agreement` and `robustness`; the
            last two may be empty.
    """
    texts = _texts(figures)
    del texts["emotions"]
    return split + "\n" + "\n\n".join(texts.values())


def record(name: str, split: str, figures: dict[str, Any], output: Path) -> None:
    """Writes the figures of weights into their JSON, and the tables and plots where they are quoted.

    Args:
        name: the weights to write into.
        split: a part of FER-2013, such as PublicTest.
        figures: as `printed` takes them.
        output: folder of the plots of the same evaluation.
    """
    path = classifier.WEIGHTS / f"{name}.json"
    info = json.loads(path.read_text(encoding="utf-8"))
    figures = {**figures, "results": [_kept(record) for record in figures["results"]]}
    info["figures"] = {**info["figures"], split: figures}
    files.write_json(path, info)
    page = files.ROOT / "model" / "FIGURES.md"
    texts = _texts(figures)
    for mark, text in texts.items():
        if f"<!-- {mark} {split} -->" in page.read_text(encoding="utf-8"):
            tables.write_between(page, f"{mark} {split}", text)
    if split == "PrivateTest":
        for plot in ("reliability", "risk_coverage", "robustness"):
            if (output / f"{plot}.png").exists():
                shutil.copy(output / f"{plot}.png", files.ROOT / "model" / "figures")
        for document in ("README.md", "model/MODEL_CARD.md"):
            headline = tables.headline_table(figures)
            tables.write_between(files.ROOT / document, f"headline {split}", headline)


def _texts(figures: dict[str, Any]) -> dict[str, str]:
    """The tables by the marks between which they stand."""
    texts = {
        "figures": tables.figures_table(figures),
        "emotions": tables.emotions_table(figures["results"]),
    }
    if figures["agreement"]:
        texts["agreement"] = tables.agreement_table(figures["agreement"])
    if figures["robustness"]:
        texts["robustness"] = tables.robustness_table(figures["robustness"])
    return texts


def _kept(record: dict[str, Any]) -> dict[str, Any]:
    """What of a record travels with the weights: `metrics.json` has it all."""
    left_out = {"confusion", "reliability", "risk_coverage"}
    if (record["subset"], record["input"]) != ("all", "aligned"):
        left_out.add("per_class")
    return {name: value for name, value in record.items() if name not in left_out}
