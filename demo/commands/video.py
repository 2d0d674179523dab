"""`python -m demo video FILE... --output DIR`: the expressions in films."""

import argparse
import importlib.util
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from demo.commands.arguments import number, path
from demo.commands.faces import add_face_options
from demo.commands.terminal import INTERRUPTED, complain, unexpected
from demo.names import is_folder, is_same, printable
from demo.writing import Unwritable
from model import Recognizer

if TYPE_CHECKING:
    from demo.film.folder import Wanted

_EPILOG = """\
The results of one film go into DIR. The results of several films go into DIR/NAME for each film
(DIR/NAME-expressions if DIR/NAME is the film itself):
  expressions.parquet  a row for each face in each picture read: time in seconds, person, box, the
                       seven probabilities, emotion, uncertain (with --csv also expressions.csv)
  timeline.png         mean and spread of each emotion over all people, and the number of faces
  people/              a timeline for each of the 50 people seen longest
  summary.json         each person's share of time per emotion, the moments of largest change
  annotated.mp4        with --annotate: the film with boxes, numbers, emotions and its sound
  moments/             with --thumbnails: faces before and after the largest changes

A run replaces and deletes only files of an earlier run: those that its summary.json names and that
nobody has changed since. If any other file is in the way of a result, the command ends before it
reads a film.

People are followed from picture to picture and numbered in the order in which they appear. Nobody is
identified: anyone who leaves for over 2 seconds, or reappears after a cut, gets a new number.
A face that appears in one picture only is in the table without a person, and counts nowhere else.
The tables hold the network's probabilities; plots, shares and labels are smoothed over time
(exponentially, time constant 0.5 s).

Ctrl-C stops and keeps the results so far, in files with "partial" in their names.

exit codes: 0 every film was read to its end; 1 a film was not (all others were); 2 wrong usage;
130 stopped by Ctrl-C."""


@dataclass(frozen=True)
class VideoOptions:
    """The options of `video`.

    Attributes:
        films: the films to read.
        output: the folder for the results.
        fps: how many pictures per second to read.
        csv: whether to write the table as CSV besides Parquet.
        annotate: whether to write the film with boxes.
        thumbnails: whether to store faces at the largest changes.
        min_face: the smallest face, in pixels of a picture scaled to at most 1280.
        detector: the name of the face detector.
    """

    films: list[Path]
    output: Path
    fps: float
    csv: bool
    annotate: bool
    thumbnails: bool
    min_face: int
    detector: str


def add_video(commands: Any) -> None:
    """Adds the command to the command line."""
    video: argparse.ArgumentParser = commands.add_parser(
        "video",
        help="write tables, plots and more of the expressions in films",
        description="Writes tables, plots and more of the expressions in films.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    video.add_argument("films", nargs="+", type=path, metavar="FILE", help="a film")
    video.add_argument("--output", type=path, required=True, metavar="DIR", help="where to write")
    video.add_argument(
        "--fps",
        type=number(float, 0.01, 240),
        default=5.0,
        metavar="N",
        help="how many pictures per second to read (default: 5)",
    )
    video.add_argument("--csv", action="store_true", help="also write the table as CSV")
    video.add_argument("--annotate", action="store_true", help="also write the film with boxes")
    video.add_argument(
        "--thumbnails", action="store_true", help="also store faces at the largest changes"
    )
    add_face_options(video, min_face=80)


def run_video(options: VideoOptions) -> int:
    """Runs the command and returns its exit code."""
    # Imported here, so that `classify` starts without the libraries for films.
    from demo.film.folder import Wanted

    parquet = importlib.util.find_spec("duckdb") is not None
    wanted = Wanted(
        fps=options.fps,
        parquet=parquet,
        csv=options.csv or not parquet,
        annotated=options.annotate,
        thumbnails=options.thumbnails,
    )
    try:
        folders = _folders(options)
        _check(folders, wanted)
    except Unwritable as error:
        complain(str(error))
        return 2
    if not parquet:
        complain("DuckDB, which writes Parquet, is not installed, so the table is written as CSV.")
    recognizer = Recognizer(detector=options.detector, min_face=options.min_face, video=True)
    failed, written = False, list[Path]()
    with _ctrl_c() as stop:
        for film, folder in folders.items():
            # On a disk that ignores case, A.mp4 and a.mp4 share a folder.
            if any(is_same(folder, other) for other in written):
                complain(f"{film}: {folder} already holds the results of another film of this run.")
                failed = True
                continue
            complete = _read(recognizer, film, folder, wanted, stop)
            failed = failed or not complete
            written.append(folder)
            if stop.is_set():
                return INTERRUPTED
    return 1 if failed else 0


def _folders(options: VideoOptions) -> dict[Path, Path]:
    """Returns the results folder of each film.

    Raises:
        Unwritable: two films have the same name.
    """
    if len(options.films) == 1:
        return {options.films[0]: options.output}
    folders: dict[Path, Path] = {}
    for film in options.films:
        folder = options.output / film.name
        if folder.exists() and not is_folder(folder):
            folder = options.output / f"{film.name}-expressions"
        if folder in folders.values():
            raise Unwritable(
                f"{film.name}: Two films have this name, so their results would share a folder."
            )
        folders[film] = folder
    return folders


def _check(folders: dict[Path, Path], wanted: "Wanted") -> None:
    """Checks that results replace no other files, before hours are spent on reading.

    Raises:
        Unwritable: another file is in the way of a result.
    """
    from demo.film.results import ResultFolder

    for film, folder in folders.items():
        try:
            ResultFolder(folder, wanted.writes).check(film)
        except OSError as error:
            raise Unwritable(f"{folder}: cannot be written ({error.strerror}).") from error


def _read(
    recognizer: Recognizer, film: Path, folder: Path, wanted: "Wanted", stop: threading.Event
) -> bool:
    """Reads a film, writes its results and prints a summary; tells whether all of it was read."""
    from demo.film.folder import write_film
    from demo.film.source import InvalidFilm, StillPicture

    try:
        with _bar(film) as show:
            outcome = write_film(
                recognizer, film, folder, wanted, progress=show, cancelled=stop.is_set
            )
    except StillPicture as error:
        complain(f"{error} Use `python -m demo classify` for it.")
        return False
    except (InvalidFilm, Unwritable) as error:
        complain(str(error))
        return False
    except OSError as error:
        complain(f"{film}: {error.filename or folder}: {error.strerror or error}.")
        return False
    except Exception as error:  # One bad film must not stop the others.
        complain(f"{film}: This film cannot be read: {unexpected(error)}")
        return False
    title = printable(f"{film}, written into {folder}:")
    tqdm.write(f"{title}\n{outcome.table()}", file=sys.stdout)
    for sentence in outcome.sentences:
        complain(f"{film}: {sentence}")
    return outcome.complete


@contextmanager
def _bar(film: Path) -> Iterator[Callable[[float, float | None], None]]:
    """Shows progress in the film's time, and the time left if the film's length is known."""
    with tqdm(
        desc=printable(film.name),
        total=1,
        leave=False,
        disable=not sys.stderr.isatty(),
        bar_format="{desc}: {percentage:3.0f}%|{bar}| {n:.0f} of {total_fmt} s, {remaining} left",
    ) as bar:

        def show(time: float, duration: float | None) -> None:
            if duration is None:
                bar.bar_format = "{desc}: {n:.0f} s of the film in {elapsed}"
            else:
                bar.total = round(max(duration, time))
            bar.update(time - bar.n)

        yield show


@contextmanager
def _ctrl_c() -> Iterator[threading.Event]:
    """Yields an event that the first Ctrl-C sets, so that files end well; a second one aborts."""
    stop = threading.Event()

    def asked(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            signal.default_int_handler(number, frame)
        stop.set()

    before = signal.signal(signal.SIGINT, asked)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
