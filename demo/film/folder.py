"""Writes the results of a film into a folder: tables, plots, a summary, and optional files."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import cv2

from demo.answer.as_json import model_json
from demo.answer.as_text import clock
from demo.answer.schema_film import FilmFindings, FilmRead
from demo.film.annotated import AnnotatedFilm
from demo.film.plots import group_plot, person_plot
from demo.film.reading import Film
from demo.film.results import ResultFolder
from demo.film.samples import Recognize, read_film
from demo.film.table import FilmTable, to_parquet
from demo.film.timeline import Timeline
from demo.names import text_of
from demo.people.moments import Moment, Moments
from demo.people.tracking import LOST_SECONDS, SMOOTHING_SECONDS
from demo.work import cores
from model import Recognizer
from model.labels import EMOTIONS

# A film with many cuts has hundreds of people, most of them for a few seconds.
_MOST_PLOTS = 50
_MOST_LINES = 20

# Takes the time reached in the film, and the film's length if it is known, both in seconds.
Progress = Callable[[float, float | None], None]


@dataclass(frozen=True)
class Wanted:
    """The results to make besides plots and summary.

    Attributes:
        fps: how many pictures per second to read.
        parquet: whether to write the table as Parquet.
        csv: whether to write the table as CSV.
        annotated: whether to write the film with boxes, numbers and emotions drawn into it.
        thumbnails: whether to write pictures of the moments of largest change. They show people's
            faces. Only they and the annotated film store pictures.
    """

    fps: float = 5.0
    parquet: bool = True
    csv: bool = False
    annotated: bool = False
    thumbnails: bool = False

    def writes(self, name: str) -> bool:
        """Tells whether a result, given by its name in the folder, may be written."""
        if name == "expressions.csv":  # The partial table is always written.
            return self.csv
        if name.startswith("expressions.") and name.endswith(".parquet"):
            return self.parquet
        if name.startswith("annotated."):
            return self.annotated
        return self.thumbnails or not name.startswith("moments/")


@dataclass(frozen=True)
class Outcome:
    """The outcome of reading a film.

    Attributes:
        timeline: the people and their expressions over time.
        complete: whether the film was read to its end.
        sentences: notes for people, such as where the film breaks off.
        files: the files that were written.
    """

    timeline: Timeline
    complete: bool
    sentences: list[str]
    files: list[Path]

    def table(self) -> str:
        """Writes a table for a terminal: each person's times and shares of time in percent.

        If there are many people, it lists those who were seen longest.
        """
        people = self.timeline.people
        count = "1 person" if len(people) == 1 else f"{len(people)} people"
        read = f"{clock(self.timeline.end)}, {self.timeline.samples} pictures looked at, {count}"
        if not people:
            return f"  {read}"
        heads = "  ".join(f"{emotion:>4}" for emotion in EMOTIONS)
        lines = [f"  {read}", f"  person       from         to  seconds  {heads}"]
        for number in self.timeline.seen_longest(_MOST_LINES):
            person = people[number]
            shares = "  ".join(
                f"{f'{share:.0%}':>{max(4, len(emotion))}}"
                for emotion, share in zip(EMOTIONS, person.shares(), strict=True)
            )
            seen = f"{clock(person.first):>9}  {clock(person.last):>9}"
            lines.append(f"  {number:>6}  {seen}  {person.seconds.sum():>7.1f}  {shares}")
        if len(people) > _MOST_LINES:
            lines.append(f"  and {len(people) - _MOST_LINES} seen for less, see summary.json")
        return "\n".join(lines)


def write_film(
    recognizer: Recognizer,
    source: Path,
    folder: Path,
    wanted: Wanted,
    *,
    progress: Progress = lambda *_: None,
    cancelled: Callable[[], bool] = lambda: False,
    longest: float | None = None,
    recognize: Recognize | None = None,
    name: str | None = None,
) -> Outcome:
    """Reads a film and writes its results into a folder.

    During the reading, and after a cancelled one, files have "partial" in their names
    (`expressions.partial.csv`). Such files are complete up to the point where the reading stopped.
    Nothing is written before the film's first frame has been decoded.

    Args:
        recognizer: reads the faces.
        source: the film.
        folder: the folder for the results; it may be missing. Only files of an earlier run are
            replaced, see `ResultFolder`.
        wanted: the results to make.
        progress: called after each sample.
        cancelled: called after each sample; True stops the reading.
        longest: the longest film allowed, in seconds, as in `Film`; None allows any length.
        recognize: submits a picture to threads that read its faces; None starts one thread per core.
        name: the film's name in the summary; None uses the file's name.

    Raises:
        InvalidFilm: the film cannot be read at all; nothing has been written.
        Unwritable: a result would replace the film, or a file that no earlier run wrote; nothing has
            been written.
        OSError: a result cannot be written.
    """
    with ExitStack() as stack:
        film = stack.enter_context(Film(source, longest))
        results = ResultFolder(folder, wanted.writes)
        results.check(source)
        results.begin()
        # Written even if CSV is not wanted: Parquet is made from it, and rows are on disk at once.
        table = stack.enter_context(closing(FilmTable(results.claim("expressions.csv"))))
        timeline, moments = Timeline(), Moments(wanted.thumbnails)
        sinks: list[FilmTable | Timeline | Moments | AnnotatedFilm] = [table, timeline, moments]
        annotated = None
        if wanted.annotated:
            annotated = AnnotatedFilm(source, results.claim("annotated.mp4"))
            sinks.append(stack.enter_context(closing(annotated)))
        recognize = recognize or _in_threads(recognizer, stack)
        uncertain_below = recognizer.classifier.uncertain_below
        samples = read_film(film, recognize, uncertain_below, wanted.fps)
        stopped = False
        with closing(samples):
            for sample in samples:
                for sink in sinks:
                    sink.add(sample)
                progress(sample.time, film.duration)
                stopped = cancelled()
                if stopped:
                    break
        timeline.finish(timeline.end if stopped else film.end)
        if annotated is not None and not stopped:
            annotated.finish()
    sentences = [*film.notes, *([film.ended] if film.ended else [])]
    if stopped:
        sentences.append(f"Stopped at {clock(timeline.end)}.")
    complete = not stopped and film.ended is None
    if wanted.parquet:
        to_parquet(table.file, results.claim("expressions.parquet"))
    if not wanted.csv:
        table.file.unlink()
    _thumbnails(results, moments.largest())
    summary = FilmFindings(
        film=FilmRead(
            name=text_of(name or source.name),
            width=film.width,
            height=film.height,
            duration=film.duration,
            read_to=round(timeline.end, 3),
            complete=complete,
            sentences=sentences,
        ),
        pictures_per_second=wanted.fps,
        smoothing_seconds=SMOOTHING_SECONDS,
        lost_seconds=LOST_SECONDS,
        **timeline.summary(),
        plotted_people=_plots(results, timeline),
        moments=[moment.to_json() for moment in moments.largest()],
        model=model_json(recognizer.classifier),
    )
    return Outcome(timeline, complete, sentences, results.finish(summary, partial=stopped))


def _in_threads(recognizer: Recognizer, stack: ExitStack) -> Recognize:
    pool = stack.enter_context(ThreadPoolExecutor(cores(), thread_name_prefix="film"))
    return lambda picture: pool.submit(recognizer.recognize, picture)


def _plots(results: ResultFolder, timeline: Timeline) -> list[int]:
    """Plots all people together and those seen longest; returns the numbers of the latter."""
    results.claim("timeline.png").write_bytes(group_plot(timeline))
    plotted = timeline.seen_longest(_MOST_PLOTS)
    for number in plotted:
        plot = person_plot(number, timeline.people[number])
        results.claim(f"people/person-{number}.png").write_bytes(plot)
    return plotted


def _thumbnails(results: ResultFolder, moments: list[Moment]) -> None:
    for moment in moments:
        if moment.thumbnail is None:
            continue
        change = f"{moment.before}-{moment.after}"
        name = f"moment-{moment.time:08.2f}s-person-{moment.person}-{change}.jpg"
        pixels = cv2.cvtColor(moment.thumbnail, cv2.COLOR_RGB2BGR)
        jpeg = cv2.imencode(".jpg", pixels)[1].tobytes()
        results.claim(f"moments/{name}").write_bytes(jpeg)
