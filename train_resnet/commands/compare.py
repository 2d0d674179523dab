"""`python -m train_resnet compare`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from preprocessing.results import claim, new_file
from train_resnet.commands.source import Sourced


@dataclass(frozen=True, kw_only=True)
class Compare:
    """Train and measure the reports' networks beside this project's.

    Trains and measures rows of model/BASELINES.md, one after the other. After a stop, the same command
    goes on where it was; rows that are finished are not run again.
    """

    source: Sourced

    output: Path
    """Folder of the rows."""

    rows: Annotated[tuple[str, ...], tyro.conf.arg(metavar="ROW ...")] = ()
    """Names of rows. By default all."""

    folds: Annotated[int | None, tyro.conf.arg(metavar="PARTS")] = None
    """Cross-validate the rows in so many parts of Training instead."""

    end_to_end: bool = False
    """Measure rows that are trained, and the served weights, behind face detectors instead. By default
    the cheap rows."""

    costs: bool = True
    """Also export the networks and measure time and memory, which needs TensorFlow and LiteRT."""

    pack: Annotated[Path | None, tyro.conf.arg(metavar="FILE.npz")] = None
    """Write the aligned faces as a file that --data takes elsewhere, and do nothing else."""

    record: bool = False
    """Write the table, and the plot, into model/BASELINES.md."""

    def run(self) -> None:
        """Trains and measures the rows, measures them behind detectors, or packs the faces.

        Raises:
            ValueError: there is no such row, or a row's parts have not been run.
        """
        from train_resnet.compare import faces as bench
        from train_resnet.compare import report, rows, running

        wanted = rows.named(self.rows)
        claim(self.output)
        if self.pack:
            new_file(self.pack)
        packed = self.source.data.suffix == ".npz"
        if self.end_to_end:
            if packed:
                raise ValueError(
                    "--end-to-end needs FER-2013 itself: packed faces are cut already."
                )
            self._end_to_end()
            return
        faces = bench.unpack(self.source.data) if packed else bench.of_dataset(self.source.load())
        if self.pack:
            bench.pack(faces, self.pack)
            print(f"{self.pack} ({self.pack.stat().st_size / 1e6:.1f} MB)")
            return
        for row in wanted:
            if self.folds:
                running.cross_validate(row, self.folds, faces, self.output)
            else:
                print(report.progress(row, running.run(row, faces, self.output)), flush=True)
        if not self.folds:
            self._report()

    def _end_to_end(self) -> None:
        from model.classifier import load
        from train_resnet import files
        from train_resnet.compare import end_to_end, rows
        from train_resnet.report.tables import write_between

        networks = {
            row.name: end_to_end.network_of(row, self.output)
            for row in rows.named(self.rows or end_to_end.CHEAP)
        }
        networks["resnet, served"] = end_to_end.served(load())
        figures = end_to_end.measure(networks, self.source.load())
        files.write_json(self.output / "end_to_end.json", figures)
        table = end_to_end.table(figures)
        (self.output / "end_to_end.md").write_text(table + "\n", encoding="utf-8")
        print(table)
        if self.record:
            files.write_json(end_to_end.RECORD, figures)
            write_between(files.ROOT / "model" / "BASELINES.md", "end-to-end", table)

    def _report(self) -> None:
        from train_resnet import files
        from train_resnet.compare import report
        from train_resnet.compare.costs import costs
        from train_resnet.compare.rows import find
        from train_resnet.report.tables import write_between

        figures = report.finished(self.output)
        if self.costs:
            for name, found in figures.items():
                found.update(costs(find(name), self.output))
        report.write(figures, self.output)
        print(report.table(figures))
        if self.record:
            files.write_json(report.RECORD, figures)
            page = files.ROOT / "model" / "BASELINES.md"
            write_between(page, "table", report.table(figures))
            write_between(page, "memory", report.memory_table(figures))
            report.plot(figures, files.ROOT / "model" / "figures" / "baselines.png")
