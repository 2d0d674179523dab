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

# Runs of more pictures than this show a progress bar.
_MANY = 5

_EPILOG = """\
A folder is read with all its subfolders, also through links. Hidden files and folders are skipped.
Files without the suffix of a picture are skipped too, and their number is printed.

--json prints one line per picture: the JSON that the HTTP routes give, and the picture's path.

--csv writes one row per face. A picture without a face has one row with face 0 and no emotion.
FILE is UTF-8 with a byte order mark, so that spreadsheets show every name correctly. In Python, open
it with encoding="utf-8-sig"; pandas and DuckDB need no setting. "--csv -" prints the table without
the mark. Spreadsheets run a cell as a formula if it begins with = + - @, a tab or a carriage return.
A path that does gets ./ in front and still leads to the same file. Bytes of a name that are not UTF-8
are escaped, as in caf\\xe9.jpg.

A damaged picture is read if at most a tenth of it is missing; a line on stderr says so.

--explain writes an attention map of each face into DIR: a PNG of the aligned face that lights up the
parts that spoke for its emotion. Maps mirror your folder tree, so names never clash:
party/IMG_1.jpg gives DIR/IMG_1.jpg-face1-happy.png with `classify party`, and
DIR/party/IMG_1.jpg-face1-happy.png with `classify party holiday.heic`. Faces count from the left.
If DIR lies in a PATH, its maps are not read as pictures. With --json each face has
`attention_file`: the path of its map, or null if the map could not be written.

A run replaces only files of an earlier run: maps, and a table with the same first line. If any other
file is in the way, the command ends before it reads a picture.

exit codes: 0 every picture was read; 1 a picture was not read or a map not written (all others were);
2 wrong usage; 130 stopped by Ctrl-C, everything written so far is complete."""

Write = Callable[[Path, Answer, Sequence[Path | None]], None]


@dataclass(frozen=True)
class ClassifyOptions:
    """The options of `classify`.

    Attributes:
        paths: the pictures and folders to read.
        json: whether to print JSON instead of text.
        csv: the file for a table instead of text; "-" is standard output.
        explain: the folder for attention maps.
        min_face: the smallest face, in pixels of a picture scaled to at most 1280.
        detector: the name of the face detector.
    """

    paths: list[Path]
    json: bool
    csv: Path | Literal["-"] | None
    explain: Path | None
    min_face: int
    detector: str


def add_classify(commands: Any) -> None:
    """Adds the command to the command line."""
    classify: argparse.ArgumentParser = commands.add_parser(
        "classify",
        help="print the expression of every face in pictures",
        description="Prints the expression of every face in pictures.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    classify.add_argument("paths", nargs="+", type=path, metavar="PATH", help="a picture or folder")
    output = classify.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print JSON, one line per picture")
    output.add_argument(
        "--csv", type=_table, metavar="FILE", help="write a table to FILE, or print it if FILE is -"
    )
    classify.add_argument(
        "--explain",
        type=path,
        metavar="DIR",
        help="also write each face's attention map, a picture, into DIR",
    )
    add_face_options(classify, min_face=40)


def _table(text: str) -> Path | Literal["-"]:
    # Compare the text: as a path, `./-` would equal "-".
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
            except Exception as error:  # One bad picture must not stop the others.
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
    """Returns the function that writes each answer."""
    if options.csv is None:
        return _to_stdout(recognizer, options.json)
    table = stack.enter_context(open_table(options.csv, options.paths))
    return lambda picture, answer, _: table.add(picture, answer)


def _save_maps(maps: AttentionFolder, path: Path, answer: Answer) -> list[Path | None]:
    """Writes each face's attention map; if one fails, says why and gives None for it."""
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
    """Reads pictures on every core, a few ahead of the writing, and gives them in order."""
    with ThreadPoolExecutor(cores()) as pool:

        def submit(picture: Path) -> "Future[Answer]":
            return pool.submit(read_picture, recognizer, picture, explain)

        with closing(in_order(pictures, submit, ahead=2 * cores())) as readings:
            yield from readings


def _to_stdout(recognizer: Recognizer, as_json: bool) -> Write:
    def write(path: Path, answer: Answer, files: Sequence[Path | None]) -> None:
        if as_json:
            document: dict[str, Any] = {"path": str(path), **to_json(answer, recognizer.classifier)}
            # `files` is empty without --explain.
            for face, file in zip(document["faces"], files, strict=False):
                face["attention_file"] = None if file is None else str(file)
            text = json.dumps(document)
        else:
            text = text_table(path, answer)
        tqdm.write(f"{text}\n", file=sys.stdout, end="")
        sys.stdout.flush()

    return write
