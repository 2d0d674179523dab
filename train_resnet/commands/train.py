"""`python -m train_resnet train`."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from preprocessing.results import claim
from train_resnet.commands.source import Sourced
from train_resnet.run.recipe import Recipe

if TYPE_CHECKING:
    from preprocessing.fer2013 import Fer2013
    from train_resnet.run.data import Examples


@dataclass(frozen=True, kw_only=True)
class Train:
    """Train a network."""

    source: Sourced

    recipe: Annotated[Recipe, tyro.conf.arg(name="")] = field(default_factory=Recipe)

    output: Path
    """Folder of the run."""

    resume: bool = False
    """Go on from the checkpoint in --output."""

    def run(self) -> None:
        """Trains, draws the curves, and calibrates the best network."""
        from train_resnet.report.plots import plot_training
        from train_resnet.run.data import examples
        from train_resnet.run.loop import train
        from train_resnet.run.selection import select

        claim(self.output)
        data = self.source.load()
        faces, validation = select(
            examples(data.split("Training")), examples(data.split("PublicTest")), self.recipe
        )
        if self.recipe.teachers:
            faces = self._taught(faces)
        best = train(self.recipe, faces, validation, self.output, self.resume)
        history = json.loads((self.output / "training.json").read_text())["history"]
        plot_training(history, self.output / "training_curves.png")
        finish(best, data, self.source.data)

    def _taught(self, faces: "Examples") -> "Examples":
        """Faces with the teachers' answers in their targets; the answers are kept with the run."""
        from train_resnet.files import replace_with
        from train_resnet.run import teachers

        answers = self.output / "answers.npz"
        if not (answers.exists() and (self.output / "training.json").exists()):
            asked = teachers.ask(self.recipe.teachers, faces)
            replace_with(answers, lambda path: teachers.write_answers(path, asked, faces))
        # Read even if just written: a run that is resumed then learns the very same.
        return teachers.taught(faces, teachers.read_answers(answers, faces), self.recipe.teaching)


def finish(best: Path, data: "Fer2013", source: Path) -> None:
    """Calibrates a trained network and says how to serve it.

    Args:
        best: the `.keras` file.
        data: FER-2013.
        source: the file or folder it was read from.
    """
    from train_resnet.files import write_json
    from train_resnet.measure.candidates import calibrated, network_logits

    fitted = calibrated(network_logits(str(best)), data)
    write_json(best.with_name("calibration.json"), asdict(fitted))
    export = f"python -m train_resnet export --data {source} --checkpoint {best} --name NAME"
    print(f"{best}\nTo serve it: {export}")
