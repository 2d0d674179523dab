"""The command line: the expressions in files and folders, as text, JSON or a table.

`python -m demo classify PATH... [--json | --csv FILE] [--explain DIR]`, and `python -m demo video`,
for which see `demo.film.command`.
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
from demo.attention import AttentionFolder, Unwritable
from demo.film.command import INTERRUPTED, add_video, run_video
from demo.service import Answer, cores
from demo.service import read as read_picture
from demo.tables import CSV_COLUMNS, csv_rows, text_table
from model import InvalidWeights, Recognizer
from preprocessing.faces import DEFAULT, DETECTORS, InvalidDetector
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

_EPILOG = """\
Of a folder, every picture in it and in its folders is read, except hidden ones.
--json prints one JSON document per picture, one a line, as the HTTP routes give it, with its path.
--csv writes one row per face; a picture without a face has one row with face 0 and no emotion.
--explain writes what spoke for each face's emotion, lit up on the aligned face, as a PNG into DIR:
party/IMG_1.jpg gives DIR/IMG_1.jpg-face1-happy.png with `classify party`, and
DIR/party/IMG_1.jpg-face1-happy.png with `classify party holiday.heic`. Faces count from the left.
Maps that an earlier run wrote into DIR are replaced, and not read as pictures where DIR is in a
PATH. With --json each face has `attention_file`, the path of its map, or null if it could not be
written.

exit codes: 0 every picture was read; 1 any was not, or a map not written (the others are);
2 wrong usage; 130 stopped by Ctrl-C, what was written until then is complete."""

Write = Callable[[Path, Answer, Sequence[Path | None]], None]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line and returns its exit code."""
    options = _parser().parse_args(arguments)
    # A name or a terminal that knows no emoji must not end the work.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        return run_video(options, _complain) if options.command == "video" else _classify(options)
    except (InvalidWeights, InvalidDetector) as error:
        _complain(str(error))
        return 1
    except KeyboardInterrupt:
        _complain("Stopped.")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has seen enough.
        _silence()
        return 1
    except OSError as error:
        output = options.output if options.command == "video" else options.csv
        _complain(f"{error.filename or output or 'The output'}: {error.strerror}.")
        _silence()
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
        "--explain",
        type=Path,
        metavar="DIR",
        help="also write what spoke for each face's emotion, as a picture into DIR",
    )
    for command, smallest in ((classify, 40), (add_video(commands), 80)):
        command.add_argument(
            "--min-face",
            type=_face_size,
            default=smallest,
            metavar="N",
            help="smallest face in pixels, of the picture scaled to at most 1280"
            f" (default: {smallest})",
        )
        command.add_argument(
            "--detector",
            choices=list(DETECTORS),
            default=DEFAULT,
            help=f"how faces are found (default: {DEFAULT})",
        )
    return parser


def _face_size(text: str) -> int:
    size = int(text)
    if not 20 <= size <= 1280:
        raise argparse.ArgumentTypeError(f"must be 20 to 1280. Received: {size}")
    return size


def _classify(options: argparse.Namespace) -> int:
    recognizer = Recognizer(detector=options.detector, min_face=options.min_face)
    with ExitStack() as stack:
        try:
            maps = AttentionFolder(options.explain, options.paths) if options.explain else None
            pictures, failed = _pictures(options.paths, maps)
            if maps is not None:
                maps.prepare(pictures)
        except Unwritable as error:
            _complain(str(error))
            return 2
        if options.csv is None:
            write = _to_stdout(recognizer, options.json)
        else:
            try:
                file = stack.enter_context(_open_table(options.csv))
            except OSError as error:
                _complain(f"{options.csv}: cannot be written ({error.strerror}).")
                return 2
            write = _to_table(file)
        bar = len(pictures) > _MANY and sys.stderr.isatty()
        readings = _readings(recognizer, pictures, explain=maps is not None)
        for path, reading in tqdm(
            readings, total=len(pictures), unit="picture", leave=False, disable=not bar
        ):
            if isinstance(reading, InvalidImage):
                _complain(str(reading))
                failed += 1
                continue
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
            _complain(str(error))
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


def _pictures(paths: Sequence[Path], maps: AttentionFolder | None) -> tuple[list[Path], int]:
    """The files to read, and how many folders hold none of them or cannot be read.

    A file that is named is read whatever it is called; of a folder's files, those called pictures,
    but no attention map that an earlier run wrote.
    """
    pictures: list[Path] = []
    failed = 0
    for path in paths:
        if not path.is_dir():
            pictures.append(path)
            continue
        found, unreadable = _walk(path)
        found = [file for file in found if not (maps is not None and maps.holds(file))]
        for error in unreadable:
            _complain(f"{error.filename}: This folder cannot be read ({error.strerror}).")
        if not found and not unreadable:
            _complain(f"{path}: There is no picture in this folder.")
            failed += 1
        failed += len(unreadable)
        pictures += found
    return pictures, failed


def _walk(folder: Path) -> tuple[list[Path], list[OSError]]:
    """What is called a picture below a folder, in order, and why parts of it could not be read."""

    def hidden(path: Path) -> bool:
        return any(part.startswith(".") for part in path.relative_to(folder).parts)

    unreadable: list[OSError] = []
    files = (
        Path(parent, name)
        for parent, _, names in os.walk(folder, onerror=unreadable.append)
        for name in names
    )
    found = sorted(file for file in files if file.suffix.lower() in EXTENSIONS and not hidden(file))
    return found, [error for error in unreadable if not hidden(Path(error.filename))]


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


def _complain(message: str) -> None:
    tqdm.write(f"{message}\n", file=sys.stderr, end="")


def _silence() -> None:
    """Leaving quietly needs an output that still works."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
