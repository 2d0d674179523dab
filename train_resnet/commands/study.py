"""`python -m train_resnet study`."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from preprocessing.results import claim
from train_resnet.commands.source import Sourced


@dataclass(frozen=True, kw_only=True)
class Study:
    """Run the short trials behind the recipe."""

    source: Sourced

    output: Path
    """Folder of the runs, which go on after a stop."""

    only: Annotated[tuple[str, ...], tyro.conf.arg(metavar="TRIAL ...")] = ()
    """Names of trials. By default all that are not recorded yet."""

    record: bool = False
    """Write the figures into study.json and STUDY.md."""

    def run(self) -> None:
        """Runs the trials and prints the table.

        Raises:
            ValueError: there is no such trial, its code is gone, or the votes are missing.
        """
        from train_resnet import files
        from train_resnet.report.tables import write_between
        from train_resnet.study import running, table, trials

        wanted = trials.named(self.only)
        claim(self.output)
        data = self.source.load()
        if data.votes is None:
            raise ValueError("The study needs the FER+ votes: --votes fer2013new.csv.")
        figures = json.loads(table.RECORD.read_text(encoding="utf-8"))
        for trial in wanted:
            if self.only or trial.name not in figures:
                print(f"{trial.name}: {trial.question}, {trial.change}", flush=True)
                figures[trial.name] = running.run(trial, data, self.output)
        if "base" not in figures:
            raise ValueError("The table compares with the trial `base`; add it to --only.")
        print(table.table(figures))
        if self.record:
            names = [trial.name for trial in trials.TRIALS]
            files.write_json(
                table.RECORD, {name: figures[name] for name in names if name in figures}
            )
            write_between(files.ROOT / "train_resnet" / "STUDY.md", "study", table.table(figures))
