"""`python -m train_resnet architectures`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Architectures:
    """List what --arch takes."""

    def run(self) -> None:
        """Prints each network with its parameters and multiply-adds."""
        from train_resnet.run.architectures import ARCHITECTURES, build, multiply_adds

        print(f"{'--arch':16}{'parameters':>12}{'multiply-adds':>16}")
        for name in ARCHITECTURES:
            network = build(name, dropout=0.0)
            print(f"{name:16}{network.count_params():>12,}{multiply_adds(network):>16,}")
