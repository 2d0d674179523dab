"""`python -m demo classify PATH...`: the expressions in pictures, as text, JSON or a table."""

import argparse
import json
import sys
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tqdm import tqdm

from demo.answer.as_json import to_json
from demo.answer.as_text import text_table
from demo.answer.reading import Answer
from demo.answer.reading import read as read_picture
from demo.archive import batch
from demo.archive.csv_table import STDOUT
from demo.archive.entries import Entry
from demo.archive.remote import Unreachable
from demo.archive.rows import Maker
from demo.archive.sources import Notes
from demo.commands.arguments import number, path
from demo.commands.faces import add_face_options
from demo.commands.maps import AttentionFolder
from demo.commands.terminal import complain, unexpected
from demo.work import cores, in_order
from demo.writing import Unwritable
from model import Recognizer
from preprocessing.images import InvalidImage

# Runs of more pictures than this show a progress bar.
_MANY = 5

_EPILOG = """\
A folder is read with all its subfolders, also through links. Hidden files and folders are skipped.
Files without the suffix of a picture are skipped too, and their number is printed. A zip file is read
without unpacking it; members that are archives, encrypted or malicious are refused. A quoted pattern
such as 'photos/**/*.jpg' reads the pictures and zip files that match it.
s3://BUCKET/FOLDER and gs://BUCKET/FOLDER are read like folders.

--json prints one line per picture: the JSON that the HTTP routes give, and the picture's path.

--csv writes one row per face. A picture without a face has one row with face 0 and no emotion. A
picture that cannot be read has one row with the reason under `error`. Rows come in the order of paths.
FILE is UTF-8 with a byte order mark, so that spreadsheets show every name correctly. In Python, open
it with encoding="utf-8-sig"; pandas and DuckDB need no setting. "--csv -" prints the table without
the mark. Spreadsheets run a cell as a formula if it begins with = + - @, a tab or a carriage return.
A path that does gets ./ in front and still leads to the same file. Bytes of a name that are not UTF-8
are escaped, as in caf\\xe9.jpg.

--parquet writes the same rows as part-000000.parquet and so on into DIR, which may also be the address
of a folder in a bucket. With --engine ray, Ray spreads the work over all machines of a cluster. The
pictures must have the same paths on all of them; see docs/archive.md.

The folder FILE-report or DIR-report beside the table gets summary.json and plots: emotions in total and
by folder, how sure the network is, faces per picture, and errors by kind.

An existing table is never overwritten. --resume continues it and reads only pictures that are new or
have changed, by path, size and time. A killed run loses at most the last picture of a CSV file, or the
last 256 pictures of Parquet files.

A damaged picture is read if at most a tenth of it is missing; a line on stderr says so.

--explain writes an attention map of each face into DIR: a PNG of the aligned face that lights up the
parts that spoke for its emotion. Maps mirror your folder tree, so names never clash:
party/IMG_1.jpg gives DIR/IMG_1.jpg-face1-happy.png with `classify party`, and
DIR/party/IMG_1.jpg-face1-happy.png with `classify party holiday.heic`. Faces count from the left.
With --json each face has `attention_file`: the path of its map, or null if the map could not be
written.

If a PATH holds DIR with maps, or the report on a table, these are not read as pictures; a line on
stderr says so.

A run replaces only maps and reports of an earlier run. If any other file is in the way, the command
ends before it reads a picture.

exit codes: 0 every picture was read; 1 a picture was not read or a map not written (all others were);
2 wrong usage; 3 the table could not be finished, for example on a full disk; 4 a bucket or a cluster
cannot be reached; 130 stopped by Ctrl-C and 143 by SIGTERM, everything written so far is complete."""

Write = Callable[[Path, Answer, Sequence[Path | None]], None]


@dataclass(frozen=True)
class ClassifyOptions:
    """The options of `classify`.

    Attributes:
        paths: the pictures and folders to read.
        json: whether to print JSON instead of text.
        csv: the file for a table instead of text; "-" is standard output.
        parquet: the folder for a table in Parquet files instead of text.
        workers: how many pictures to read at the same time; None uses all cores.
        resume: whether to continue an existing table.
        engine: how pictures are read: by processes on this machine, or by Ray.
        address: the address of a Ray cluster; None starts Ray on this machine.
        explain: the folder for attention maps.
        min_face: the smallest face, in pixels of a picture scaled to at most 1280.
        detector: the name of the face detector.
    """

    paths: list[Path]
    json: bool
    csv: Path | Literal["-"] | None
    parquet: Path | None
    workers: int | None
    resume: bool
    engine: Literal["processes", "ray"]
    address: str | None
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
    classify.add_argument(
        "paths",
        nargs="+",
        type=path,
        metavar="PATH",
        help="a picture, folder, zip file or pattern such as 'photos/**/*.jpg'",
    )
    output = classify.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print JSON, one line per picture")
    output.add_argument(
        "--csv", type=_table, metavar="FILE", help="write a table to FILE, or print it if FILE is -"
    )
    output.add_argument(
        "--parquet", type=path, metavar="DIR", help="write the table as Parquet files into DIR"
    )
    classify.add_argument(
        "--workers",
        type=number(int, 1, 1024),
        metavar="N",
        help="how many pictures to read at the same time (default: all cores)",
    )
    classify.add_argument(
        "--resume",
        action="store_true",
        help="continue an existing table: read only pictures that are new or have changed",
    )
    classify.add_argument(
        "--engine",
        choices=["processes", "ray"],
        default="processes",
        help="read on this machine's cores (default) or on Ray; ray needs --parquet",
    )
    classify.add_argument(
        "--address",
        metavar="HOST:PORT",
        help="the address of a Ray cluster (default: start Ray on this machine)",
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
    wrong = _wrong(options)
    if wrong:
        complain(wrong)
        return 2
    try:
        maps = AttentionFolder(options.explain, options.paths) if options.explain else None
        job = batch.Job(
            inputs=options.paths,
            csv=options.csv,
            parquet=options.parquet,
            make=Maker(options.detector, options.min_face, maps),
            workers=options.workers,
            resume=options.resume,
            ray=options.engine == "ray",
            address=options.address,
        )
        if maps is not None:
            maps.prepare([Path(entry.path) for entry in job.entries()])
        if options.csv is None and options.parquet is None:
            return _print(job, options.json)
        return batch.run(job)
    except Unwritable as error:
        complain(str(error))
        return 2
    except Unreachable as error:
        complain(str(error))
        return batch.UNREACHABLE


def _wrong(options: ClassifyOptions) -> str | None:
    """Says which options do not go together; None if all do."""
    table = options.csv is not None or options.parquet is not None
    if options.resume and not table:
        return "--resume continues a table. Name the table with --csv or --parquet."
    if options.address is not None and options.engine != "ray":
        return "--address names a Ray cluster. Add --engine ray."
    if options.engine == "ray" and options.parquet is None:
        return "--engine ray writes Parquet. Name a folder with --parquet."
    if options.engine == "ray" and options.explain is not None:
        return "--explain writes maps on this machine only. Remove --engine ray."
    return None


def _print(job: batch.Job, as_json: bool) -> int:
    """Prints the answers and returns the command's exit code."""
    recognizer = Recognizer(detector=job.make.detector, min_face=job.make.min_face)
    maps, notes = job.make.maps, Notes(complain)
    write = _to_stdout(recognizer, as_json)
    found = list(job.entries(notes))
    failed = notes.failed
    bar = len(found) > _MANY and sys.stderr.isatty()
    with closing(
        _readings(recognizer, found, maps is not None, job.workers or cores())
    ) as readings:
        for entry, reading in tqdm(
            readings, total=len(found), unit="picture", leave=False, disable=not bar
        ):
            try:
                answer = reading.result()
            except InvalidImage as error:
                complain(f"{entry.path}: {error}")
                failed += 1
                continue
            except Exception as error:  # One bad picture must not stop the others.
                complain(f"{entry.path}: This picture cannot be read: {unexpected(error)}")
                failed += 1
                continue
            for sentence in answer.picture.warnings:
                complain(f"{entry.path}: {sentence}")
            picture = Path(entry.path)
            files = [] if maps is None else _save_maps(maps, picture, answer)
            failed += files.count(None)
            write(picture, answer, files)
    return 1 if failed else 0


def _save_maps(maps: AttentionFolder, path: Path, answer: Answer) -> list[Path | None]:
    """Writes each face's attention map; if one fails, says why and gives None for it."""
    files: list[Path | None] = []
    for place, face in enumerate(answer.faces, start=1):
        try:
            files.append(maps.save(path, place, face))
        except Unwritable as error:
            complain(str(error))
            files.append(None)
    return files


def _readings(
    recognizer: Recognizer, found: Sequence[Entry], explain: bool, workers: int
) -> Generator[tuple[Entry, "Future[Answer]"], None, None]:
    """Reads pictures with `workers` threads, a few ahead of the printing, and yields them in order."""
    with ThreadPoolExecutor(workers) as pool:

        def read(entry: Entry) -> Answer:
            return read_picture(recognizer, entry.content.read(), explain)

        def submit(entry: Entry) -> "Future[Answer]":
            return pool.submit(read, entry)

        with closing(in_order(found, submit, ahead=2 * workers)) as readings:
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
