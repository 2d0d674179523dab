"""Every table of faces follows the one list of columns."""

import pytest

from demo.answer.as_table import CSV_COLUMNS, FACE_COLUMNS
from demo.archive import columns
from demo.film import table
from demo.page import static_files

NAMES = [column.name for column in FACE_COLUMNS]


def test_tables_follow_the_list_of_columns() -> None:
    assert list(CSV_COLUMNS[2:]) == NAMES
    for of_table in (columns.COLUMNS, table.COLUMNS):
        assert list(of_table)[2 : 2 + len(NAMES)] == NAMES
        for column in FACE_COLUMNS:
            other = of_table[column.name]
            assert (other.kind, other.meaning) == (column.kind, column.meaning)


def test_page_leaves_out_columns_that_a_faces_json_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    assert static_files._on_page(CSV_COLUMNS) == list(CSV_COLUMNS)
    monkeypatch.setattr(static_files, "_FACE_COLUMNS", {*NAMES, "blinks"})
    assert static_files._on_page((*CSV_COLUMNS, "blinks")) == list(CSV_COLUMNS)
