"""What is written of a film: tables, plots, a summary, and what else was asked for, in a folder."""

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

# Of a film with many cuts there are hundreds of people, most of them for seconds.
_MOST_PLOTS = 50
_MOST_LINES = 20

# The film's time that has been reached, and its length where it is known, both in seconds.
Progress = Callable[[float, float | None], None]


@dataclass(frozen=True)
class Wanted:
    """What to make of a film besides plots and summary.

    Attributes:
        fps: how many pictures of each second to look at.
        parquet: the table as Parquet.
        csv: the table as CSV.
        annotated: the film with what was found drawn into it.
        thumbnails: pictures of the moments of largest change. They show people's faces, and
            are the only pictures besides the annotated film that are stored.
    """

    fps: float = 5.0
    parquet: bool = True
    csv: bool = False
    annotated: bool = False
    thumbnails: bool = False

    def writes(self, name: str) -> bool:
        """Whether a result may be written, of its name in the folder."""
        if name == "expressions.csv":  # The partial one always is.
            return self.csv
        if name.startswith("expressions.") and name.endswith(".parquet"):
            return self.parquet
        if name.startswith("annotated."):
            return self.annotated
        return self.thumbnails or not name.startswith("moments/")


@dataclass(frozen=True)
class Outcome:
    """What came of a film.

    Attributes:
        timeline: who was seen, and how.
        complete: the film was read to its end.
        sentences: what people should know: where the film broke off, what was met on the way.
        files: what was written.
    """

    timeline: Timeline
    complete: bool
    sentences: list[str]
    files: list[Path]

    def table(self) -> str:
        """For a terminal: a line for each person, when seen, and shares of time in percent.

        Of many people those who were seen longest.
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
    progress: Progress = lambda *_: None,
    cancelled: Callable[[], bool] = lambda: False,
    longest: float | None = None,
    recognize: Recognize | None = None,
    name: str | None = None,
) -> Outcome:
    """Reads a film and writes what it shows into a folder.

    While it is being read, and when it is cancelled, files have "partial" in their names
    (`expressions.partial.csv`); they are whole as far as they go. Nothing is written before the
    film's first frame has been decoded.

    Args:
        recognizer: reads the faces.
        source: the film.
        folder: where to write; it need not be there yet. What an earlier run wrote is replaced,
            and nothing else, see `ResultFolder`.
        wanted: what to make.
        progress: called after each sample.
        cancelled: asked after each sample whether to stop.
        longest: as `Film` takes it; None reads a film of any length.
        recognize: hands a picture to the threads that read its faces; None makes as many threads as
            there are cores.
        name: what the summary calls the film; None calls it as its file.

    Raises:
        InvalidFilm: nothing of the film can be read; nothing has been written then.
        Unwritable: results would replace the film, or a file that no earlier run wrote; nothing has
            been written then.
        OSError: something cannot be written.
    """
    with ExitStack() as stack:
        film = stack.enter_context(Film(source, longest))
        results = ResultFolder(folder, wanted.writes)
        results.check(source)
        results.begin()
        # Without `csv` too: Parquet is made of it, and what is found is safe at once.
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
    """Plots all people together, and those who were seen longest; gives these."""
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
