"""docs/archive.md and README.md agree with the code, and their programs run."""

import contextlib
import io
import re
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from demo.archive.columns import Row
from demo.archive.identity import identity_of
from demo.archive.parquet_table import part_of, schema
from demo.archive.plan import MILLISECONDS, Archive, report
from tests.documents import ROOT, text_of

DOCUMENT = text_of("docs/archive.md")
README = text_of("README.md")


def quoted(mark: str, document: str = DOCUMENT) -> str:
    [found] = re.findall(f"<!-- {mark} -->\n(.*?)\n<!-- /{mark} -->", document, re.DOTALL)
    return str(found)


def printed(program: str, names: dict[str, object]) -> str:
    """Runs a program from a document; returns what it prints."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(program.removeprefix("```python\n").removesuffix("\n```"), names)
    return output.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, whole_rows: list[Row]) -> Path:
    """A folder with the table `faces`, which has two parts."""
    place = tmp_path_factory.mktemp("documented")
    (place / "faces").mkdir()
    types = schema(identity_of("haar", 80))
    for number, rows in enumerate((whole_rows[:100], whole_rows[100:])):
        part = place / "faces" / f"part-{number:06}.parquet"
        part.write_bytes(part_of(rows, types))
    return place


@pytest.mark.parametrize("library", ["pandas", "polars", "duckdb"])
def test_document_opens_the_table_in_three_lines(
    folder: Path, library: str, whole_rows: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    program = quoted(library)
    assert sum(bool(line) for line in program.splitlines()) == 3 + 2  # The fences.
    monkeypatch.chdir(folder)
    names = dict[str, object]()
    assert re.search(rf"happy\W+{happy(whole_rows)}\b", printed(program, names))
    if library != "duckdb":
        assert len(names["table"]) == len(whole_rows)  # type: ignore[arg-type]


def test_readme_opens_the_table_with_each_library(
    folder: Path, whole_rows: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    output = printed(quoted("readers", README), {})
    assert len(re.findall(rf"happy\W+{happy(whole_rows)}\b", output)) == 3


def happy(rows: list[Row]) -> int:
    count = sum(row[15] == "happy" for row in rows)
    assert count > 50
    return count


def test_document_lists_the_columns_of_the_table(folder: Path) -> None:
    types = pq.read_schema(folder / "faces" / "part-000000.parquet")
    rows = [
        f"| `{each.name}` | {each.type} | {each.metadata[b'description'].decode()} |"
        for each in types
    ]
    assert quoted("columns").splitlines()[2:] == rows
    own = identity_of("haar", 80).texts()
    metadata = {key.decode(): value.decode() for key, value in types.metadata.items()}
    assert own.items() <= metadata.items()
    assert {"weights", "version", "sha256"} <= own.keys()
    for name in own:
        assert f"`{name}`" in DOCUMENT


def test_document_quotes_the_costs_of_the_plan() -> None:
    rows = [f"| {name} | {cost:g} |" for name, cost in MILLISECONDS.items()]
    assert quoted("costs").splitlines()[2:] == rows
    small, large = (
        [
            report(Archive(pictures, 2)),
            report(Archive(pictures, 64)),
            report(Archive(pictures, 1000, machines=16)),
        ]
        for pictures in (1e6, 1e9)
    )
    for row, plans in zip(quoted("plan").splitlines()[2:], (small, large), strict=True):
        for cell, plan in zip(row.strip("| ").split(" | ")[1:], plans, strict=True):
            time, price = cell.split(", $")
            assert time == "under a minute" or f"  time      {time} at" in plan
            assert price == "0.30" or f"about ${price}\n" in plan


def test_plan_prints_its_assumptions() -> None:
    command = [sys.executable, "-m", "demo.archive.plan", "--pictures", "1e9", "--cores"]
    done = subprocess.run([*command, "64"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("1,000,000,000 pictures on 64 cores of 1 machine\n")
    assert "37 per second" in done.stdout
    assert "$0.04 per core-hour" in done.stdout
    refused = subprocess.run([*command, "0"], cwd=ROOT, capture_output=True, text=True)
    assert refused.returncode == 2
    assert "--cores is too small. Received: 0" in refused.stderr


def test_plan_knows_the_limits_of_the_rate() -> None:
    one = Archive(pictures=1e6, cores=1)
    assert Archive(pictures=1e6, cores=100).rate == pytest.approx(100 * one.rate)
    # One process cannot keep this many cores busy.
    crowded = Archive(pictures=1e6, cores=1000)
    assert crowded.rate == pytest.approx(one.rate * crowded.most_cores, rel=0.02)
    assert Archive(pictures=1e6, cores=1000, machines=16).rate == pytest.approx(1000 * one.rate)
    assert Archive(pictures=1e6, cores=1, faces=3).rate < one.rate
