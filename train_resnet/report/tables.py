"""The tables that README, model card and study quote."""

import re
from pathlib import Path
from typing import Any

from model.labels import EMOTIONS

# The figures that README and model card quote, in their order.
ROWS = [
    ("FER-2013 labels", "fer2013", "fer_head", "FER head"),
    ("FER-2013 labels", "fer2013", "served", "served mixture"),
    ("FER+ winners", "ferplus", "votes_head", "votes head"),
    ("FER+ winners", "ferplus", "served", "served mixture"),
]
# Each head on the labels it learned.
HEADS = [ROWS[0], ROWS[2]]


def find(records: list[dict[str, Any]], **wanted: str) -> dict[str, Any]:
    """The one record with these values, as in `find(records, labels="fer2013", output="served")`.

    The subset is `all` and the input `aligned` unless named.

    Raises:
        KeyError: there is none.
    """
    wanted = {"subset": "all", "input": "aligned", **wanted}
    for record in records:
        if all(record[key] == value for key, value in wanted.items()):
            return record
    raise KeyError(f"There is no record with {wanted}.")


def figures_table(split: dict[str, Any]) -> str:
    """The headline figures of one split as a Markdown table.

    Args:
        split: `results`, the records of `evaluation.evaluate`, and
            `accuracy_without_the_mirrored_view`, of `evaluation.accuracies` with one view a face.
    """
    records, single = split["results"], split["accuracy_without_the_mirrored_view"]
    lines = [
        "| labels | answer | n | accuracy (95 %) | one view | without images of Training"
        " | balanced | macro-F1 | calibration error, and by chance |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    known = {record["labels"] for record in records}
    for heading, labels, output, name in ROWS:
        if labels not in known:
            continue
        figures = find(records, labels=labels, output=output)
        fresh = find(records, labels=labels, output=output, subset="without_duplicates")
        low, high = figures["ece_interval"]
        lines.append(
            f"| {heading} | {name} | {figures['n']:,} | {_with_interval(figures, 'accuracy')}"
            f" | {percent(single[labels][output])} % | {_with_interval(fresh, 'accuracy')}"
            f" | {_with_interval(figures, 'balanced_accuracy')}"
            f" | {_with_interval(figures, 'macro_f1')}"
            f" | {figures['ece']:.3f} ({low:.3f} to {high:.3f}), {figures['ece_by_chance']:.3f} |"
        )
    return "\n".join(lines)


def headline_table(split: dict[str, Any]) -> str:
    """The README's Markdown table: a row for each label set, with its head and what is served.

    Args:
        split: as `figures_table` takes it.
    """
    records = split["results"]
    known = {record["labels"] for record in records}
    lines = [
        "| labels | images | their head | without images of Training | served mixture |",
        "| --- | --- | --- | --- | --- |",
    ]
    for heading, labels, output, _ in HEADS:
        if labels not in known:
            continue
        head = find(records, labels=labels, output=output)
        fresh = find(records, labels=labels, output=output, subset="without_duplicates")
        served = find(records, labels=labels, output="served")
        lines.append(
            f"| {heading} | {head['n']:,} | {_with_interval(head, 'accuracy')}"
            f" | {_with_interval(fresh, 'accuracy')} | {_with_interval(served, 'accuracy')} |"
        )
    return "\n".join(lines)


def emotions_table(records: list[dict[str, Any]]) -> str:
    """Precision and recall of each emotion as a Markdown table, each head on its own labels."""
    columns = [row for row in ROWS if row[1] in {record["labels"] for record in records}]
    chosen = [find(records, labels=labels, output=output) for _, labels, output, _ in columns]
    lines = [
        "| emotion | " + " | ".join(f"{name}, {heading}" for heading, _, _, name in columns) + " |",
        "| --- |" + " --- |" * len(columns),
    ]
    for emotion in EMOTIONS:
        cells = [
            f"{percent(figures['precision'])} %, {percent(figures['recall'])} %"
            f" of {figures['support']:,}"
            for figures in (record["per_class"][emotion] for record in chosen)
        ]
        lines.append(f"| {emotion} | {' | '.join(cells)} |")
    return "\n".join(lines)


def agreement_table(records: list[dict[str, Any]]) -> str:
    """The figures of `evaluation.by_agreement` as a Markdown table, and the share of the images."""
    total = sum(record["n"] for record in records)
    lines = [
        "| taggers for the winner | images | votes head | served mixture |",
        "|" + " --- |" * 4,
    ]
    for record in records:
        taggers = "4 or fewer" if record["taggers"] == 4 else str(record["taggers"])
        lines.append(
            f"| {taggers} | {record['n']:,} ({percent(record['n'] / total)} %)"
            f" | {percent(record['votes_head'])} % | {percent(record['served'])} % |"
        )
    return "\n".join(lines)


def robustness_table(records: list[dict[str, Any]]) -> str:
    """The figures of `robustness.measure_robustness` as a Markdown table.

    Each figure on degraded pictures is followed by what it lost, in points.
    """
    columns = [row for row in ROWS if row[1] in {record["labels"] for record in records}]
    lines = [
        "| picture | | faces found | "
        + " | ".join(f"{name}, {heading}" for heading, _, _, name in columns)
        + " |",
        "| --- | --- | --- |" + " --- |" * len(columns),
    ]
    conditions = by_condition(records)
    for (kind, degree), chosen in conditions.items():
        cells = []
        for _, labels, output, _ in columns:
            accuracy = pick(chosen, labels, output)["accuracy"]
            clean = pick(conditions["clean", ""], labels, output)["accuracy"]
            lost = f" ({100 * (accuracy - clean):+.1f})" if kind != "clean" else ""
            cells.append(f"{percent(accuracy)} %{lost}")
        found = f"{chosen[0]['faces_found']:.0%}".replace("%", " %")
        lines.append(f"| {kind} | {degree} | {found} | {' | '.join(cells)} |")
    return "\n".join(lines)


def by_condition(records: list[dict[str, Any]]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    conditions: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for record in records:
        conditions.setdefault((record["kind"], record["degree"]), []).append(record)
    return conditions


def pick(records: list[dict[str, Any]], labels: str, output: str) -> dict[str, Any]:
    [record] = [r for r in records if (r["labels"], r["output"]) == (labels, output)]
    return record


def write_between(path: Path, mark: str, text: str) -> None:
    """Replaces what stands between `<!-- mark -->` and `<!-- /mark -->` in a Markdown file.

    Raises:
        ValueError: the file has no such marks.
    """
    content = path.read_text(encoding="utf-8")
    pattern = re.compile(f"(<!-- {mark} -->\n).*?(<!-- /{mark} -->)", re.DOTALL)
    if not pattern.search(content):
        raise ValueError(f"{path} has no <!-- {mark} --> ... <!-- /{mark} -->.")
    path.write_text(pattern.sub(lambda m: f"{m[1]}{text}\n{m[2]}", content), encoding="utf-8")


def _with_interval(figures: dict[str, Any], name: str) -> str:
    low, high = figures[f"{name}_interval"]
    return f"{percent(figures[name])} % ({percent(low)} to {percent(high)})"


def percent(share: float) -> str:
    return f"{100 * share:.1f}"
