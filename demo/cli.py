"""The command line: the expressions in files and folders, as text, JSON or a table.

`python -m demo classify PATH... [--json | --csv FILE]`
"""

import argparse
import csv
import io
import json
import os
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from tqdm import tqdm

from demo.answer import to_json
from demo.service import Answer, cores
from demo.service import read as read_picture
from demo.tables import CSV_COLUMNS, csv_rows, text_table
from model import InvalidWeights, Recognizer
from preprocessing.images import InvalidImage

EXTENSIONS = frozenset(
    [
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".png",
        ".webp",
        ".avif",
        ".heic",
        ".heif",
        ".gif",
        ".tif",
        ".tiff",
        ".bmp",
    ]
)

# From how many pictures on a progress bar tells more than it disturbs.
_MANY = 5

_INTERRUPTED = 130

_EPILOG = """\
Of a folder, every picture in it and in its folders is read, except hidden ones.
--json prints one JSON document per picture, one a line, as the HTTP routes give it, with its path.
--csv writes one row per face; a picture without a face has one row with face 0 and no emotion.

exit codes: 0 every picture was read; 1 any was not (the others are); 2 wrong usage;
130 stopped by Ctrl-C, what was written until then is complete."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line and returns its exit code."""
    options = _parser().parse_args(arguments)
    # A name or a terminal that knows no emoji must not end the work.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        return _classify(options)
    except InvalidWeights as error:
        _complain(str(error))
        return 1
    except KeyboardInterrupt:
        _complain("Stopped.")
        return _INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has seen enough; leaving quietly needs an output that still works.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m demo")
    commands = parser.add_subparsers(dest="command", required=True)
    classify = commands.add_parser(
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
        "--min-face",
        type=_face_size,
        default=40,
        metavar="N",
        help="smallest face in pixels, of the picture scaled to at most 1280 (default: 40)",
    )
    return parser


def _face_size(text: str) -> int:
    size = int(text)
    if not 20 <= size <= 1280:
        raise argparse.ArgumentTypeError(f"must be 20 to 1280. Received: {size}")
    return size


def _classify(options: argparse.Namespace) -> int:
    recognizer = Recognizer(min_face=options.min_face)
    with ExitStack() as stack:
        if options.csv is None:
            write = _to_stdout(recognizer, options.json)
        else:
            try:
                file = stack.enter_context(_open_table(options.csv))
            except OSError as error:
                _complain(f"{options.csv}: cannot be written ({error.strerror}).")
                return 2
            write = _to_table(file)
        pictures, unread = _pictures(options.paths)
        bar = len(pictures) > _MANY and sys.stderr.isatty()
        readings = _readings(recognizer, pictures)
        for path, reading in tqdm(
            readings, total=len(pictures), unit="picture", leave=False, disable=not bar
        ):
            if isinstance(reading, InvalidImage):
                _complain(str(reading))
                unread += 1
            else:
                write(path, reading)
    return 1 if unread else 0


def _readings(
    recognizer: Recognizer, pictures: Sequence[Path]
) -> Iterator[tuple[Path, Answer | InvalidImage]]:
    """Reads pictures on every core, a few ahead of what is written, and gives them in order."""

    def read(path: Path) -> Answer | InvalidImage:
        try:
            return read_picture(recognizer, path)
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


def _pictures(paths: Sequence[Path]) -> tuple[list[Path], int]:
    """The files to read, and how many folders hold none of them.

    A file that is named is read whatever it is called; of a folder's files, those called pictures.
    """
    pictures: list[Path] = []
    empty = 0
    for path in paths:
        if not path.is_dir():
            pictures.append(path)
            continue
        found = sorted(
            file
            for file in path.rglob("*")
            if file.suffix.lower() in EXTENSIONS
            and not any(part.startswith(".") for part in file.relative_to(path).parts)
            and not file.is_dir()
        )
        if not found:
            _complain(f"{path}: There is no picture in this folder.")
            empty += 1
        pictures += found
    return pictures, empty


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


def _to_table(file: io.TextIOWrapper) -> Callable[[Path, Answer], None]:
    def write(path: Path, answer: Answer) -> None:
        # In one piece, so that Ctrl-C leaves whole rows.
        file.write(_csv_lines(csv_rows(path, answer)))
        file.flush()

    return write


def _to_stdout(recognizer: Recognizer, as_json: bool) -> Callable[[Path, Answer], None]:
    def write(path: Path, answer: Answer) -> None:
        if as_json:
            document = {"path": str(path), **to_json(answer, recognizer.classifier)}
            text = json.dumps(document)
        else:
            text = text_table(path, answer)
        tqdm.write(f"{text}\n", file=sys.stdout, end="")
        sys.stdout.flush()

    return write


def _complain(message: str) -> None:
    tqdm.write(f"{message}\n", file=sys.stderr, end="")
