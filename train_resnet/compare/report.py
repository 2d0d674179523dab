"""The table and the plot of the comparison."""

import csv
import json
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from train_resnet.compare.rows import ROWS, Row

# What the table of model/BASELINES.md was made of, by row.
RECORD = Path(__file__).with_name("figures.json")
_COLUMNS = (
    *("row", "what", "claimed", "PublicTest", "PrivateTest", "without duplicates", "macro-F1"),
    *("six classes", "parameters", "multiply-adds", "LiteRT ms", "epochs", "minutes", "trained on"),
)


def progress(row: Row, figures: dict[str, Any]) -> str:
    """One line about a finished row."""
    return (
        f"{row.name}: PublicTest {figures['PublicTest']:.1%}, PrivateTest"
        f" {figures['PrivateTest']:.1%}, {figures['epochs']} epochs,"
        f" {figures['minutes']:.1f} minutes on {figures['device']}"
    )


def finished(output: Path) -> dict[str, dict[str, Any]]:
    """The figures of the rows of a folder that are finished, by name."""
    found = {row.name: output / row.name / "figures.json" for row in ROWS}
    return {
        name: json.loads(path.read_text(encoding="utf-8"))
        for name, path in found.items()
        if path.exists()
    }


def write(figures: dict[str, dict[str, Any]], output: Path) -> None:
    """Writes `table.csv`, `table.md` and `accuracy_against_cost.png`."""
    with (output / "table.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        writer.writerows(_cells(row, figures[row.name]) for row in ROWS if row.name in figures)
    (output / "table.md").write_text(table(figures) + "\n", encoding="utf-8")
    plot(figures, output / "accuracy_against_cost.png")


def table(figures: dict[str, dict[str, Any]]) -> str:
    """The rows that are finished as a Markdown table.

    Args:
        figures: of `train_resnet.compare.running.run` and `costs`, by row.
    """
    lines = [f"| {' | '.join(_COLUMNS)} |", "|" + " --- |" * len(_COLUMNS)]
    for row in ROWS:
        if row.name in figures:
            name, *cells = _cells(row, figures[row.name])
            lines.append(f"| `{name}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def memory_table(figures: dict[str, dict[str, Any]]) -> str:
    """Peak memory of training by batch, of the rows that measure it."""
    lines = []
    for row in ROWS:
        memory = figures.get(row.name, {}).get("memory")
        if memory:
            lines += [
                f"| `{row.name}`, batch | {' | '.join(memory)} |",
                "|" + " --- |" * (len(memory) + 1),
                f"| most memory, MB | {' | '.join(f'{value:,}' for value in memory.values())} |",
            ]
    return "\n".join(lines)


def plot(figures: dict[str, dict[str, Any]], path: Path) -> None:
    """Draws each row's accuracy on PrivateTest against its multiply-adds; hollow: what is claimed."""
    figure = Figure(figsize=(11, 6.5), layout="constrained")
    axes = figure.subplots()
    shown: set[float] = set()
    for row in ROWS:
        found = figures.get(row.name, {})
        if "multiply_adds" not in found or _left_out(row):
            continue
        work, accuracy = found["multiply_adds"], 100 * found["PrivateTest"]
        ensemble = bool(row.members or row.snapshots_of)
        own = row.name.startswith("own")
        colour = "tab:red" if own else "tab:purple" if ensemble else "tab:blue"
        axes.scatter(work, accuracy, s=45, color=colour, zorder=3)
        claim = _claim(row)
        if claim:
            axes.plot([work, work], [accuracy, claim], color="lightgrey", zorder=1)
            axes.scatter(work, claim, s=45, facecolors="white", edgecolors="grey", zorder=2)
        near = any(abs(accuracy - other) < 0.5 for other in shown)
        shown.add(accuracy)
        axes.annotate(
            row.name,
            (work, accuracy),
            xytext=(6, -11 if near else 4),
            textcoords="offset points",
            fontsize=8,
        )
    axes.set(
        xscale="log",
        xlabel="multiply-adds for a face",
        ylabel="accuracy on PrivateTest, %; hollow: what the report claims",
    )
    axes.grid(alpha=0.3)
    axes.margins(x=0.12)
    figure.savefig(path, dpi=120)


def _left_out(row: Row) -> bool:
    """Rows of the plot that are another's network: seeds, and trials of the same one."""
    same = row.name.startswith(("own-", "cnn-4conv-")) and row.name not in ("own-1", "own-x7")
    return same or row.name == "resnet34-votes"


def _claim(row: Row) -> float | None:
    return float(row.claimed.removesuffix(" %")) if row.claimed.endswith("%") else None


def _epochs(row: Row, run: int) -> str:
    recipe = row.recipe
    if recipe is None or recipe.patience or row.begins_with or run >= recipe.epochs:
        return str(run)
    return f"{run} of {recipe.epochs}"


def _cells(row: Row, found: dict[str, Any]) -> list[str]:
    def share(name: str) -> str:
        return f"{100 * found[name]:.1f} %" if name in found else ""

    return [
        row.name,
        row.what,
        row.claimed,
        share("PublicTest"),
        share("PrivateTest"),
        share("PrivateTest without duplicates"),
        share("PrivateTest macro-F1"),
        share("PrivateTest without disgust"),
        f"{found['parameters']:,}" if "parameters" in found else "",
        f"{found['multiply_adds'] / 1e6:,.0f} M" if "multiply_adds" in found else "",
        f"{found['litert_ms']:.1f}" if "litert_ms" in found else "",
        _epochs(row, found["epochs"]),
        f"{found['minutes']:.1f}",
        found["device"],
    ]
