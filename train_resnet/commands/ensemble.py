"""`python -m train_resnet ensemble`."""

from dataclasses import dataclass
from pathlib import Path

from preprocessing.results import claim
from train_resnet.commands.evaluate import Evaluate
from train_resnet.commands.source import Sourced
from train_resnet.commands.train import Train
from train_resnet.options import Count, check
from train_resnet.run.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class Ensemble:
    """Train several networks and the one they teach: for an accelerator.

    Trains several networks, measures them together on PublicTest, and trains the network that they
    teach. After a stop, the same command goes on where it was.
    """

    source: Sourced

    members: Count = 7
    """How many networks; each has a seed of its own."""

    arch: str = "resnet18-w64-std"
    """Of the members."""

    pupil: str = "resnet18-w32-std"
    """Architecture of the pupil."""

    epochs: Count = 200
    """Of each network."""

    output: Path
    """Folder of the runs."""

    def run(self) -> None:
        """Trains the members, measures them together, and trains the pupil.

        Raises:
            ValueError: an option is out of its range, or a run cannot go on.
        """
        check(self)
        claim(self.output)
        members = [
            str(self._train(f"member-{seed}", self.arch, seed)) for seed in range(self.members)
        ]
        Evaluate(
            source=self.source,
            model=tuple(members),
            split="PublicTest",
            output=self.output / "together",
            robustness=False,
        ).run()
        self._train("pupil", self.pupil, 0, tuple(members))

    def _train(self, name: str, arch: str, seed: int, teachers: tuple[str, ...] = ()) -> Path:
        output = self.output / name
        recipe = Recipe(
            arch=arch,
            epochs=self.epochs,
            seed=seed,
            teachers=teachers,
            # An accelerator's runs are long enough to learn Training by heart; the recipe's are not.
            label_smoothing=0.1,
            dropout=0.2,
            erasing=0.3,
        )
        resume = (output / "training.json").exists()
        Train(source=self.source, recipe=recipe, output=output, resume=resume).run()
        return output / "best.keras"
