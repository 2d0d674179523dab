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
    """Name of weights, .tflite or .keras file."""

    layers: Annotated[tuple[str, ...], tyro.conf.arg(metavar="LAYER ...")] = ()
    """Names of layers of a .keras file. By default the last nonlinear one of each resolution."""

    picture: Annotated[Path | None, tyro.conf.arg(metavar="PATH")] = None
    """Photograph with a face. By default Grace Hopper's."""

    output: Path
    """The PNG to write."""

    def run(self) -> None:
        """Draws the layers.

        Raises:
            ValueError: the weights or the picture cannot be read, the picture shows no face, or the
                network has no such layer.
        """
        from matplotlib.cbook import get_sample_data

        from model.classifier import load
        from train_resnet.report import visualize

        trained = Path(self.model).suffix == ".keras"
        if self.layers and not trained:
            raise ValueError(f"--layers needs a .keras file as --model. Received: {self.model}")
        new_file(self.output)
        picture = self.picture or Path(get_sample_data("grace_hopper.jpg", asfileobj=False))
        crop = visualize.largest_face(picture)
        if trained:
            look = visualize.look_of_checkpoint(Path(self.model), crop, self.layers)
        else:
            look = visualize.look_of_weights(load(self.model), crop)
        visualize.plot_look(look, crop, self.output)
        print(self.output)
