"""`python -m train_resnet`: train, measure, export and compare networks."""

import os
import sys
from collections.abc import Callable
from typing import NoReturn, Protocol

import tyro
from tyro import _errors

# TensorFlow greets with a page about its own build; errors still show.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from preprocessing.results import Occupied
from train_resnet.commands.architectures import Architectures
from train_resnet.commands.compare import Compare
from train_resnet.commands.dataset import Dataset
from train_resnet.commands.ensemble import Ensemble
from train_resnet.commands.evaluate import Evaluate
from train_resnet.commands.export import Export
from train_resnet.commands.join import Join
from train_resnet.commands.study import Study
from train_resnet.commands.train import Train
from train_resnet.commands.visualize import Visualize
from train_resnet.run.stopping import TrainingStopped

PROGRAM = "python -m train_resnet"


class Command(Protocol):
    """What is done with the options of a command line."""

    def run(self) -> None:
        """Does it."""


COMMANDS: dict[str, Callable[..., Command]] = {
    "train": Train,
    "ensemble": Ensemble,
    "evaluate": Evaluate,
    "join": Join,
    "export": Export,
    "visualize": Visualize,
    "dataset": Dataset,
    "study": Study,
    "compare": Compare,
    "architectures": Architectures,
}


def main(arguments: list[str] | None = None) -> int:
    """Runs a command.

    Returns:
        0 when it did what it was asked, 1 when not, 2 when the results have no place, 130 after
        Ctrl-C.

    Raises:
        SystemExit: with 2 after wrong usage, with 0 after `--help`.
    """
    try:
        with _errors.on_parse_error(_refuse):
            command: Command = tyro.extras.subcommand_cli_from_dict(
                COMMANDS, prog=PROGRAM, description=__doc__, args=arguments
            )
        command.run()
    except KeyboardInterrupt:  # Before the first step or after the last: nothing is lost.
        print(f"{PROGRAM}: stopped.", file=sys.stderr)
        return 130
    except Occupied as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        return 2
    except (ValueError, TrainingStopped) as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        return 1
    return 0


def _refuse(event: _errors.ParseErrorEvent) -> NoReturn:
    """Says in a sentence what is wrong with a command line, where tyro draws a box of ten lines."""
    match event:
        case _errors.MissingArgs():
            names = [each.arg.lowered.name_or_flags[-1] for each in event.missing_arguments]
            wrong = f"{' and '.join(names)} must be given"
        case _errors.MissingSubcommand() if not event.found_token:
            wrong = f"a command must be given: {', '.join(COMMANDS)}"
        case _errors.MissingSubcommand():
            wrong = f"{event.found_token!r} is no command; there are {', '.join(COMMANDS)}"
        case _errors.UnrecognizedArgs():
            wrong = f"{' '.join(event.tokens)} is not understood"
        case _errors.InvalidChoice():
            option = event.argument.lowered.name_or_flags[-1]
            wrong = f"{option} is one of {', '.join(event.choices)}, not {event.value!r}"
        case _errors.InstantiationFailure() if event.argument:
            wrong = f"{event.argument.lowered.name_or_flags[-1]}: {event.message}"
        case _errors.InstantiationFailure():
            wrong = event.message
        case _errors.BadValue():
            wrong = f"{event.argument.lowered.name_or_flags[-1]} needs a value"
        case _:
            wrong = "the options contradict each other"
    print(f"{event.prog}: {wrong} (--help lists all options).", file=sys.stderr)
    raise SystemExit(2)


if __name__ == "__main__":
    sys.exit(main())
