"""`python -m train_resnet visualize`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from preprocessing.results import new_file
from train_resnet.options import Model


@dataclass(frozen=True, kw_only=True)
class Visualize:
    """Draw what the layers make of a face."""

    model: Model = "resnet"
    """Name of weights, or a .tflite file."""

    picture: Annotated[Path | None, tyro.conf.arg(metavar="PATH")] = None
    """Photograph with a face. By default Grace Hopper's."""

    output: Path
    """The PNG to write."""

    def run(self) -> None:
        """Draws the layers.

        Raises:
            ValueError: the weights or the picture cannot be read, or the picture shows no face.
        """
        from matplotlib.cbook import get_sample_data

        from model.classifier import load
        from train_resnet.report.visualize import largest_face, plot_layers

        new_file(self.output)
        picture = self.picture or Path(get_sample_data("grace_hopper.jpg", asfileobj=False))
        classifier, crop = load(self.model), largest_face(picture)
        plot_layers(classifier, crop, self.output)
        print(self.output)
