"""The command line: `python -m demo classify PATH...` and `python -m demo video FILE...`."""

import argparse
import io
import sys
from collections.abc import Sequence

from demo.commands.arguments import typed
from demo.commands.classify import ClassifyOptions, add_classify, run_classify
from demo.commands.terminal import INTERRUPTED, complain, silence
from demo.commands.video import VideoOptions, add_video, run_video
from model import InvalidWeights
from preprocessing.faces import InvalidDetector


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line and returns its exit code."""
    parsed = _parser().parse_args(arguments)
    # A terminal that cannot show an emoji or a name must not stop the work.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        if parsed.command == "video":
            return run_video(typed(VideoOptions, parsed))
        return run_classify(typed(ClassifyOptions, parsed))
    except (InvalidWeights, InvalidDetector) as error:
        complain(str(error))
        return 1
    except KeyboardInterrupt:
        complain("Stopped.")
        return INTERRUPTED
    except BrokenPipeError:
        # The program that reads the output has closed it.
        silence()
        return 1
    except OSError as error:
        complain(f"{error.filename or 'The output'}: {error.strerror or error}.")
        silence()
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m demo")
    commands = parser.add_subparsers(dest="command", required=True)
    add_classify(commands)
    add_video(commands)
    return parser
