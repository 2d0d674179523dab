"""`python -m demo classify PATH...`: the expressions in files and folders, as text, JSON or a table."""

import argparse
import json
import sys
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tqdm import tqdm

from demo.answer.as_json import to_json
from demo.answer.as_text import text_table
from demo.answer.reading import Answer
from demo.answer.reading import read as read_picture
from demo.commands.arguments import path
from demo.commands.faces import add_face_options
from demo.commands.files import pictures_of
from demo.commands.maps import AttentionFolder
from demo.commands.table import STDOUT, open_table
from demo.commands.terminal import complain, unexpected
from demo.work import cores, in_order
from demo.writing import Unwritable
from model import Recognizer
from preprocessing.images import InvalidImage

# From how many pictures on a progress bar tells more than it disturbs.
_MANY = 5

_EPILOG = """\
A folder is read with all folders in it, also those behind links. Hidden files and folders are left out.
Files that are no pictures by their suffix are passed over, and their number is printed.

--json prints one JSON document per picture, one a line, as the HTTP routes give it, with its path.

--csv writes one row per face. A picture without a face has one row with face 0 and no emotion.
FILE is UTF-8 with a byte order mark, so that spreadsheets show every name correctly. In Python, open
it with encoding="utf-8-sig"; pandas and DuckDB need no setting. "--csv -" prints the table without
the mark. A spreadsheet would run a cell that begins like a formula (with = + - @, a tab or a carriage
return): such a path gets ./ in front and still leads to the same file. A name's bytes that are not
UTF-8 are written as in caf\\xe9.jpg.

A damaged picture is read if at most a tenth of it is missing; a line on stderr says so.

--explain writes what spoke for each face's emotion, lit up on the aligned face, as a PNG into DIR:
party/IMG_1.jpg gives DIR/IMG_1.jpg-face1-happy.png with `classify party`, and
DIR/party/IMG_1.jpg-face1-happy.png with `classify party holiday.heic`. Faces count from the left.
Maps in DIR are not read as pictures where DIR is in a PATH. With --json each face has
`attention_file`, the path of its map, or null if it could not be written.

A run replaces only what an earlier run wrote: a table with the same first line, and maps. If any
other file lies in their place, the command ends before it reads a picture.

exit codes: 0 every picture was read; 1 any was not, or a map not written (the others are);
2 wrong usage; 130 stopped by Ctrl-C, what was written until then is complete."""

Write = Callable[[Path, Answer, Sequence[Path | None]], None]


@dataclass(frozen=True)
class ClassifyOptions:
    """What `classify` was asked for.

    Attributes:
        paths: the pictures and folders to read.
        json: whether to print JSON instead of text.
        csv: where to write a table instead; "-" is standard output.
        explain: where to write attention maps.
        min_face: the smallest face, in pixels of a picture scaled to at most 1280.
        detector: how faces are found.
    """

    paths: list[Path]
    json: bool
    csv: Path | Literal["-"] | None
    explain: Path | None
    min_face: int
    detector: str


def add_classify(commands: Any) -> None:
    """Adds the command to those of the command line."""
    classify: argparse.ArgumentParser = commands.add_parser(
        "classify",
        help="print the expression of every face in pictures",
        description="Prints the expression of every face in pictures.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    classify.add_argument("paths", nargs="+", type=path, metavar="PATH", help="a picture or folder")
    output = classify.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print JSON, one picture a line")
    output.add_argument(
        "--csv", type=_table, metavar="FILE", help="write a table to FILE instead, or print it (-)"
    )
    classify.add_argument(
        "--explain",
        type=path,
        metavar="DIR",
        help="also write what spoke for each face's emotion, as a picture into DIR",
    )
    add_face_options(classify, min_face=40)


def _table(text: str) -> Path | Literal["-"]:
    # Not as a path, which `./-` would be too.
    return STDOUT if text == STDOUT else path(text)


def run_classify(options: ClassifyOptions) -> int:
    """Runs the command and returns its exit code."""
    recognizer = Recognizer(detector=options.detector, min_face=options.min_face)
    with ExitStack() as stack:
        try:
            maps = AttentionFolder(options.explain, options.paths) if options.explain else None
            pictures, failed = pictures_of(options.paths, maps)
            if maps is not None:
                maps.prepare(pictures)
            write = _writer(options, recognizer, stack)
        except Unwritable as error:
            complain(str(error))
            return 2
        readings = stack.enter_context(closing(_readings(recognizer, pictures, maps is not None)))
        bar = len(pictures) > _MANY and sys.stderr.isatty()
        for picture, reading in tqdm(
            readings, total=len(pictures), unit="picture", leave=False, disable=not bar
        ):
            try:
                answer = reading.result()
            except InvalidImage as error:
                complain(str(error))
                failed += 1
                continue
            except Exception as error:  # A fault with one picture must not cost the others.
                complain(f"{picture}: This picture cannot be read: {unexpected(error)}")
                failed += 1
                continue
            for sentence in answer.picture.warnings:
                complain(f"{picture}: {sentence}")
            files = [] if maps is None else _save_maps(maps, picture, answer)
            failed += files.count(None)
            write(picture, answer, files)
    return 1 if failed else 0


def _writer(options: ClassifyOptions, recognizer: Recognizer, stack: ExitStack) -> Write:
    """What becomes of the answers."""
    if options.csv is None:
        return _to_stdout(recognizer, options.json)
    table = stack.enter_context(open_table(options.csv, options.paths))
    return lambda picture, answer, _: table.add(picture, answer)


def _save_maps(maps: AttentionFolder, path: Path, answer: Answer) -> list[Path | None]:
    """Writes each face's attention map; None for one that cannot be, after saying why."""
    files: list[Path | None] = []
    for number, face in enumerate(answer.faces, start=1):
        try:
            files.append(maps.save(path, number, face))
        except Unwritable as error:
            complain(str(error))
            files.append(None)
    return files


def _readings(
    recognizer: Recognizer, pictures: Sequence[Path], explain: bool
) -> Generator[tuple[Path, "Future[Answer]"], None, None]:
    """Reads pictures on every core, a few ahead of what is written, and gives them in order."""
    with ThreadPoolExecutor(cores()) as pool:

        def submit(picture: Path) -> "Future[Answer]":
            return pool.submit(read_picture, recognizer, picture, explain)

        with closing(in_order(pictures, submit, ahead=2 * cores())) as readings:
            yield from readings


def _to_stdout(recognizer: Recognizer, as_json: bool) -> Write:
    def write(path: Path, answer: Answer, files: Sequence[Path | None]) -> None:
        if as_json:
            document: dict[str, Any] = {"path": str(path), **to_json(answer, recognizer.classifier)}
            # No files where no maps were asked for.
            for face, file in zip(document["faces"], files, strict=False):
                face["attention_file"] = None if file is None else str(file)
            text = json.dumps(document)
        else:
            text = text_table(path, answer)
        tqdm.write(f"{text}\n", file=sys.stdout, end="")
        sys.stdout.flush()

    return write
