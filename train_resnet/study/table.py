"""The table of the study, and the file that keeps its figures."""

from pathlib import Path
from typing import Any

from train_resnet.study.trials import TRIALS

# What the trials gave, by name: the table of STUDY.md, and what need not be run again.
RECORD = Path(__file__).with_name("study.json")


def table(figures: dict[str, dict[str, Any]]) -> str:
    """The trials that were run as a Markdown table, with the differences from `base` in points.

    Args:
        figures: of `run`, by the trial's name; `base` among them.
    """
    lines = [
        "| question | change | FER head | votes head | balanced | neutral | fear | minutes |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    base = figures["base"]
    for trial in TRIALS:
        if trial.name not in figures:
            continue
        found = figures[trial.name]
        gone = f" (code of `{trial.last_code}`)" if trial.last_code else ""
        change, cells = trial.change + gone, []
        for name in ("fer_head", "votes_head", "balanced", "neutral", "fear"):
            points = "" if trial.name == "base" else f" ({100 * (found[name] - base[name]):+.1f})"
            cells.append(f"{100 * found[name]:.1f} %{points}")
        lines.append(
            f"| {trial.question} | {change} | {' | '.join(cells)} | {found['minutes']:.0f} |"
        )
    return "\n".join(lines)
