"""The networks that a model consists of, and how each was trained."""

import json
from pathlib import Path
from typing import Any

from model.classifier import load


def members_of(model: str) -> list[dict[str, Any]]:
    """How each network of a model was trained: recipe, minutes, cores, backend and history.

    Args:
        model: name of weights, `.tflite` or `.keras` file; the last with its `training.json` beside
            it.

    Raises:
        ValueError: there is no such model, or nothing says how it was trained.
    """
    if not model.endswith(".keras"):
        return load(model).members
    path = Path(model).with_name("training.json")
    if not path.exists():
        raise ValueError(f"{path} is missing: `train` and `join` write it.")
    run = json.loads(path.read_text(encoding="utf-8"))
    if "members" in run:
        return list(run["members"])
    kept = {name: run[name] for name in ("recipe", "cores", "backend", "history")}
    return [{**kept, "minutes": round(run["seconds"] / 60, 1)}]
