"""`python -m train_resnet join`."""

from dataclasses import dataclass
from pathlib import Path

from preprocessing.results import claim
from train_resnet.commands.source import Sourced
from train_resnet.commands.train import finish
from train_resnet.options import Models


@dataclass(frozen=True, kw_only=True)
class Join:
    """Make one network of several.

    Writes a network that sees a face with all networks of the models side by side and averages what
    they say, with its calibration, as a run's folder for `export`.
    """

    source: Sourced

    models: Models
    """Names of weights, .tflite or .keras files. NAME:2 is the second network of NAME alone; a model
    named twice counts twice."""

    output: Path
    """Folder to write."""

    def __post_init__(self) -> None:
        if not self.models:
            raise ValueError("--models needs a value")

    def run(self) -> None:
        """Joins the networks and calibrates what they say together.

        Raises:
            ValueError: the folder holds a run, or a model cannot be joined.
        """
        from preprocessing.fer2013 import aligned
        from train_resnet.files import replace_with, write_json
        from train_resnet.serve.join import join

        if (self.output / "training.json").exists():
            raise ValueError(f"{self.output} holds a run already: name another folder.")
        claim(self.output)
        data = self.source.load()
        crops, _ = aligned(data.split("PublicTest").images)
        network, trained = join(self.models, crops)
        best = self.output / "best.keras"
        replace_with(best, network.save)
        write_json(self.output / "training.json", {"members": trained})
        finish(best, data, self.source.data)
