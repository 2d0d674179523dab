"""The command line: `python -m demo classify PATH...` and `python -m demo video FILE...`."""

import argparse
import io
import sys
from collections.abc import Sequence

from demo.commands.classify import add_classify, run_classify
from demo.commands.terminal import INTERRUPTED, complain, silence
from demo.commands.video import add_video, run_video
from model import InvalidWeights
from preprocessing.faces import InvalidDetector


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line and returns its exit code."""
    options = _parser().parse_args(arguments)
    # A name or a terminal that knows no emoji must not end the work.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        return run_video(options) if options.command == "video" else run_classify(options)
    except (InvalidWeights, InvalidDetector) as error:
        complain(str(error))
        return 1
    except KeyboardInterrupt:
        complain("Stopped.")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has seen enough.
        silence()
        return 1
    except OSError as error:
        output = options.output if options.command == "video" else options.csv
        complain(f"{error.filename or output or 'The output'}: {error.strerror}.")
        silence()
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m demo")
    commands = parser.add_subparsers(dest="command", required=True)
    add_classify(commands)
    add_video(commands)
    return parser
