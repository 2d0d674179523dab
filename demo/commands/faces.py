"""The options for finding faces, which all commands share."""

import argparse

from demo.commands.arguments import number
from preprocessing.faces import DEFAULT, DETECTORS


def add_face_options(command: argparse.ArgumentParser, min_face: int) -> None:
    """Adds `--min-face` and `--detector` to a command.

    Args:
        command: the command's parser.
        min_face: the command's default for `--min-face`, in pixels of a picture scaled to at most
            1280.
    """
    command.add_argument(
        "--min-face",
        type=number(int, 20, 1280),
        default=min_face,
        metavar="N",
        help="the smallest face to find, in pixels of the picture scaled to at most 1280"
        f" (default: {min_face})",
    )
    command.add_argument(
        "--detector",
        choices=list(DETECTORS),
        default=DEFAULT,
        help=f"the face detector (default: {DEFAULT})",
    )
