import json

from train_resnet.study import table, trials


def test_table_of_the_page_is_that_of_the_figures() -> None:
    figures = json.loads(table.RECORD.read_text(encoding="utf-8"))
    page = table.RECORD.parent.with_name("STUDY.md").read_text(encoding="utf-8")
    assert table.table(figures) in page
    assert set(figures) <= {trial.name for trial in trials.TRIALS}
