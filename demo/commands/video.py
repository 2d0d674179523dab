"""`python -m demo video FILE... --output DIR`: the expressions in films."""

import argparse
import importlib.util
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from tqdm import tqdm

from demo.commands.faces import add_face_options
from demo.commands.terminal import INTERRUPTED, complain
from model import Recognizer

_EPILOG = """\
Into DIR go, for one film, and into DIR/NAME for each of several:
  expressions.parquet  a row for each face of each picture looked at: time in seconds, person, box,
                       the seven probabilities, emotion, uncertain (with --csv also expressions.csv)
  timeline.png         mean and spread of each emotion over all people, and how many were found
  people/              a timeline for each person, of the 50 seen longest
  summary.json         each person's share of time per emotion, the moments of largest change
  annotated.mp4        with --annotate: boxes, numbers and emotions in the film, its sound kept
  moments/             with --thumbnails: faces before and after the largest changes
What an earlier run wrote there is replaced.

People are numbered in the order in which they appear. They are followed from picture to picture, and
not identified: who was away for more than 2 seconds, or comes back after a cut, has a new number.
A face that one picture alone has is in the table without a person, and is not counted further.
The tables hold the probabilities as they were read; plots, shares and labels are smoothed over time
(exponentially, time constant 0.5 s).

Ctrl-C stops: what was found until then is there, as files with "partial" in their names.

exit codes: 0 every film was read to its end; 1 any was not (the others are); 2 wrong usage;
130 stopped by Ctrl-C."""


def add_video(commands: Any) -> None:
    """Adds the command to those of the command line."""
    video: argparse.ArgumentParser = commands.add_parser(
        "video",
        help="write tables, plots and more of the expressions in films",
        description="Writes tables, plots and more of the expressions in films.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    video.add_argument("films", nargs="+", type=Path, metavar="FILE", help="a film")
    video.add_argument("--output", type=Path, required=True, metavar="DIR", help="where to write")
    video.add_argument(
        "--fps",
        type=_rate,
        default=5.0,
        metavar="N",
        help="how many pictures of each second to look at (default: 5)",
    )
    video.add_argument("--csv", action="store_true", help="also write the table as CSV")
    video.add_argument("--annotate", action="store_true", help="also write the film with boxes")
    video.add_argument(
        "--thumbnails", action="store_true", help="also store faces at the largest changes"
    )
    add_face_options(video, min_face=80)


def _rate(text: str) -> float:
    rate = float(text)
    if not 0.01 <= rate <= 240:
        raise argparse.ArgumentTypeError(f"must be 0.01 to 240. Received: {text}")
    return rate


def run_video(options: argparse.Namespace) -> int:
    """Runs the command and returns its exit code."""
    # Only now: `classify` needs none of what films need.
    from demo.film.folder import Wanted, write_film
    from demo.film.source import InvalidFilm, StillPicture

    names = [film.name for film in options.films]
    for name in names:
        if names.count(name) > 1:
            complain(f"{name}: Two films have this name, and would be written into one folder.")
            return 2
    if options.output.exists() and not options.output.is_dir():
        complain(f"{options.output}: cannot be written (Not a folder).")
        return 2
    recognizer = Recognizer(detector=options.detector, min_face=options.min_face, video=True)
    parquet = importlib.util.find_spec("duckdb") is not None
    if not parquet:
        complain("There is no DuckDB here, which writes Parquet: the table is written as CSV.")
    wanted = Wanted(
        fps=options.fps,
        parquet=parquet,
        csv=options.csv or not parquet,
        annotated=options.annotate,
        thumbnails=options.thumbnails,
    )
    failed = False
    with _ctrl_c() as stop:
        for film in options.films:
            folder = options.output / film.name if len(names) > 1 else options.output
            try:
                with _bar(film) as show:
                    outcome = write_film(recognizer, film, folder, wanted, show, stop.is_set)
            except InvalidFilm as error:
                still = isinstance(error, StillPicture)
                complain(f"{error} Use `python -m demo classify` for it." if still else str(error))
                failed = True
                continue
            tqdm.write(f"{film}, written into {folder}:\n{outcome.table()}", file=sys.stdout)
            for sentence in outcome.sentences:
                complain(f"{film}: {sentence}")
            failed = failed or not outcome.complete
            if stop.is_set():
                return INTERRUPTED
    return 1 if failed else 0


@contextmanager
def _bar(film: Path) -> Iterator[Callable[[float, float | None], None]]:
    """A bar of the film's time, with the time left where its length is known."""
    with tqdm(
        desc=film.name,
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
    """Set by the first Ctrl-C, so that files can be ended well; the second ends the program."""
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
