"""`python -m train_resnet evaluate`."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from preprocessing.results import claim
from train_resnet.commands.source import Sourced
from train_resnet.options import Models

if TYPE_CHECKING:
    from preprocessing.fer2013 import Fer2013
    from train_resnet.measure.candidates import Candidate
    from train_resnet.measure.evaluation import Evaluation


@dataclass(frozen=True, kw_only=True)
class Evaluate:
    """Measure a network on a part of FER-2013."""

    source: Sourced

    model: Models
    """Name of weights, .tflite or .keras file. The logits of several are averaged, and one that is
    named twice counts twice."""

    split: Literal["PublicTest", "PrivateTest"]
    """What it is measured on."""

    output: Path
    """Folder of the figures and plots."""

    robustness: bool = True
    """Also measure degraded pictures, which takes several times as long as all else."""

    record: bool = False
    """Write the figures into the weights' JSON, README, model card and FIGURES.md."""

    def __post_init__(self) -> None:
        if not self.model:
            raise ValueError("--model needs a value")

    def run(self) -> None:
        """Writes `metrics.json` and the plots, and prints the tables.

        Raises:
            ValueError: a model cannot be read.
        """
        from train_resnet.files import write_json
        from train_resnet.measure.candidates import candidate
        from train_resnet.report import plots, record

        claim(self.output)
        data = self.source.load()
        network = candidate(self.model, data)
        found, figures = self._measured(network, data)
        about = {"model": list(self.model), "split": self.split}
        write_json(self.output / "metrics.json", {**about, **figures})
        plots.plot_evaluation(found, network.histories, self.output)
        if figures["robustness"]:
            plots.plot_robustness(figures["robustness"], self.output / "robustness.png")
        print(record.printed(self.split, figures))
        if self.record:
            record.record(self.model[0], self.split, figures, self.output)

    def _measured(
        self, network: "Candidate", data: "Fer2013"
    ) -> tuple["Evaluation", dict[str, Any]]:
        from train_resnet.measure import evaluation
        from train_resnet.measure.robustness import measure_robustness

        part = data.split(self.split)
        found = evaluation.evaluate(
            network.predict, network.mixture, part, data.split("Training"), network.uncertain_below
        )
        one_view = evaluation.accuracies(network.one_view, network.mixture, part)
        figures: dict[str, Any] = {
            "results": found.records,
            "accuracy_without_the_mirrored_view": one_view,
            "agreement": evaluation.by_agreement(found, part),
            "robustness": [],
        }
        if self.robustness:
            figures["robustness"] = measure_robustness(network.predict, network.mixture, part)
        return found, figures
