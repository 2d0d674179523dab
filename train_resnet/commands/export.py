"""`python -m train_resnet export`."""

from dataclasses import dataclass
from pathlib import Path

from train_resnet.commands.source import Sourced


@dataclass(frozen=True, kw_only=True)
class Export:
    """Make weights to serve of a trained network.

    Writes a network as LiteRT with kernels of eight bits, and calibrates on PublicTest what is served
    then.
    """

    source: Sourced

    checkpoint: Path
    """best.keras of a run or of `join`."""

    name: str
    """Of the weights, in model/weights."""

    version: str = "1"
    """Of the weights."""

    def run(self) -> None:
        """Writes the weights and their JSON into `model/weights`."""
        from model import classifier
        from model.mixture import Mixture
        from train_resnet.measure.candidates import calibrated, on_every_core
        from train_resnet.measure.members import members_of
        from train_resnet.measure.networks import load_network
        from train_resnet.run.architectures import multiply_adds
        from train_resnet.serve.export import Weights, golden_logits, normalisation, to_litert

        trained = members_of(str(self.checkpoint))
        network = load_network(self.checkpoint)
        data = self.source.load()
        content = to_litert(network)
        # What is served is measured: with kernels of eight bits the network is not quite the same.
        served = classifier.Classifier("", "", "", content, Mixture(0.0), 1.0, True, {})
        calibration = calibrated(on_every_core(served), data)
        path = Weights(
            name=self.name,
            version=self.version,
            content=content,
            normalisation=normalisation(network),
            mixture=calibration.mixture,
            uncertain_below=calibration.uncertain_below,
            training={
                "parameters": network.count_params(),
                "multiply_adds": multiply_adds(network),
                "votes_shares_tried": calibration.shares,
                "members": trained,
            },
            golden=golden_logits(network),
        ).write(classifier.WEIGHTS)
        print(f"{path} ({path.stat().st_size / 1e6:.1f} MB) and its .json")
