"""`python -m train_resnet dataset`."""

from dataclasses import dataclass
from pathlib import Path

from preprocessing.results import claim
from train_resnet.commands.source import Sourced


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Draw what FER-2013 holds.

    Writes classes.png, how many images of each split have each label and each FER+ winner, and
    samples.png, images of each emotion. The images show people, so keep samples.png out of repositories.
    """

    source: Sourced

    output: Path
    """Folder of the plots."""

    def run(self) -> None:
        """Draws both plots.

        Raises:
            preprocessing.fer2013.InvalidDataset: a file is missing or malformed.
        """
        from train_resnet.report.dataset import plot_classes, sample_sheet

        claim(self.output)
        data = self.source.load()
        for draw, name in ((plot_classes, "classes.png"), (sample_sheet, "samples.png")):
            draw(data, self.output / name)
            print(self.output / name)
