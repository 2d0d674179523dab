"""`python -m demo classify PATH...`: the expressions in files and folders, as text, JSON or a table."""

import argparse
import csv
import io
import json
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tqdm import tqdm

from demo.answer.as_json import to_json
from demo.answer.as_table import CSV_COLUMNS, csv_rows
from demo.answer.as_text import text_table
from demo.answer.reading import Answer
from demo.answer.reading import read as read_picture
from demo.commands.faces import add_face_options
from demo.commands.files import pictures_of
from demo.commands.maps import AttentionFolder, Unwritable
from demo.commands.terminal import complain
from demo.work import cores
from model import Recognizer
from preprocessing.images import InvalidImage

# From how many pictures on a progress bar tells more than it disturbs.
_MANY = 5

_EPILOG = """\
Of a folder, every picture in it and in its folders is read, except hidden ones.
--json prints one JSON document per picture, one a line, as the HTTP routes give it, with its path.
--csv writes one row per face; a picture without a face has one row with face 0 and no emotion.
A damaged picture is read if at most a tenth of it is missing; a line on stderr says so.
--explain writes what spoke for each face's emotion, lit up on the aligned face, as a PNG into DIR:
party/IMG_1.jpg gives DIR/IMG_1.jpg-face1-happy.png with `classify party`, and
DIR/party/IMG_1.jpg-face1-happy.png with `classify party holiday.heic`. Faces count from the left.
Maps that an earlier run wrote into DIR are replaced, and not read as pictures where DIR is in a
PATH. With --json each face has `attention_file`, the path of its map, or null if it could not be
written.

exit codes: 0 every picture was read; 1 any was not, or a map not written (the others are);
2 wrong usage; 130 stopped by Ctrl-C, what was written until then is complete."""

Write = Callable[[Path, Answer, Sequence[Path | None]], None]


def add_classify(commands: Any) -> None:
    """Adds the command to those of the command line."""
    classify: argparse.ArgumentParser = commands.add_parser(
        "classify",
        help="print the expression of every face in pictures",
        description="Prints the expression of every face in pictures.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    classify.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a picture or folder")
    output = classify.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print JSON, one picture a line")
    output.add_argument("--csv", type=Path, metavar="FILE", help="write a table to FILE instead")
    classify.add_argument(
        "--explain",
        type=Path,
        metavar="DIR",
        help="also write what spoke for each face's emotion, as a picture into DIR",
    )
    add_face_options(classify, min_face=40)


def run_classify(options: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    recognizer = Recognizer(detector=options.detector, min_face=options.min_face)
    with ExitStack() as stack:
        try:
            maps = AttentionFolder(options.explain, options.paths) if options.explain else None
            pictures, failed = pictures_of(options.paths, maps)
            if maps is not None:
                maps.prepare(pictures)
        except Unwritable as error:
            complain(str(error))
            return 2
        if options.csv is None:
            write = _to_stdout(recognizer, options.json)
        else:
            try:
                file = stack.enter_context(_open_table(options.csv))
            except OSError as error:
                complain(f"{options.csv}: cannot be written ({error.strerror}).")
                return 2
            write = _to_table(file)
        bar = len(pictures) > _MANY and sys.stderr.isatty()
        readings = _readings(recognizer, pictures, explain=maps is not None)
        for path, reading in tqdm(
            readings, total=len(pictures), unit="picture", leave=False, disable=not bar
        ):
            if isinstance(reading, InvalidImage):
                complain(str(reading))
                failed += 1
                continue
            for sentence in reading.picture.warnings:
                complain(f"{path}: {sentence}")
            files = [] if maps is None else _save_maps(maps, path, reading)
            failed += files.count(None)
            write(path, reading, files)
    return 1 if failed else 0


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
) -> Iterator[tuple[Path, Answer | InvalidImage]]:
    """Reads pictures on every core, a few ahead of what is written, and gives them in order."""

    def read(path: Path) -> Answer | InvalidImage:
        try:
            return read_picture(recognizer, path, explain)
        except InvalidImage as error:
            return error

    ahead: deque[tuple[Path, Future[Answer | InvalidImage]]] = deque()
    pool = ThreadPoolExecutor(cores())
    try:
        for path in pictures:
            ahead.append((path, pool.submit(read, path)))
            if len(ahead) > 2 * cores():
                first, future = ahead.popleft()
                yield first, future.result()
        for path, future in ahead:
            yield path, future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _open_table(path: Path) -> io.TextIOWrapper:
    """Opens a CSV file and writes its first line; a path's bytes pass through unchanged."""
    file = path.open("w", encoding="utf-8", errors="surrogateescape", newline="")
    file.write(_csv_lines([CSV_COLUMNS]))
    file.flush()
    return file


def _csv_lines(rows: Sequence[Sequence[object]]) -> str:
    lines = io.StringIO()
    csv.writer(lines).writerows(rows)
    return lines.getvalue()


def _to_table(file: io.TextIOWrapper) -> Write:
    def write(path: Path, answer: Answer, _: Sequence[Path | None]) -> None:
        # In one piece, so that Ctrl-C leaves whole rows.
        file.write(_csv_lines(csv_rows(path, answer)))
        file.flush()

    return write


def _to_stdout(recognizer: Recognizer, as_json: bool) -> Write:
    def write(path: Path, answer: Answer, files: Sequence[Path | None]) -> None:
        if as_json:
            document = {"path": str(path), **to_json(answer, recognizer.classifier)}
            # No files where no maps were asked for.
            for face, file in zip(document["faces"], files, strict=False):
                face["attention_file"] = None if file is None else str(file)
            text = json.dumps(document)
        else:
            text = text_table(path, answer)
        tqdm.write(f"{text}\n", file=sys.stdout, end="")
        sys.stdout.flush()

    return write
