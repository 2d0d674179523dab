"""The JSON of films: the messages of their WebSocket, and `summary.json`."""

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Le, Len
from typing_extensions import TypedDict

from demo.answer.schema import Model, Probabilities, described
from demo.answer.schema_live import Moment


@described
@dataclass(frozen=True)
class FilmOrder:
    """The first message: which film will come, and what to make of it."""

    name: Annotated[str, Len(1, 255)]
    """The name of the film's file."""
    bytes: Annotated[int, Ge(0)]
    """The size of the film's file."""
    fps: Annotated[float, Ge(0.1), Le(30)] = 5.0
    """How many pictures of each second to look at."""
    annotate: bool = False
    """Also make the film with boxes."""
    thumbnails: bool = False
    """Also make small pictures of the largest changes."""


@described
class FilmReady(TypedDict):
    """The film may be sent."""

    ready: Literal[True]


@described
class FilmProgress(TypedDict):
    """How far the film has been read; comes several times a second."""

    time: Annotated[float, Ge(0)]
    """In seconds."""
    duration: float | None
    """The film's length in seconds; null where it is not known."""


@described
class FilmError(TypedDict):
    """Nothing of the film can be read; no other message follows."""

    error: str
    """Why, in a sentence."""


@described
class FilmResults(TypedDict):
    """The film has been read, and its results follow."""

    complete: bool
    """Whether it was read to its end."""
    files: Annotated[int, Ge(0)]
    """How many files follow, each announced by a `FilmFile`."""


@described
class FilmFile(TypedDict):
    """A file of the results, which follows in binary messages."""

    file: str
    """Its path within the results, such as `people/person-1.png`."""
    bytes: Annotated[int, Ge(0)]
    """Its size."""


@described
class FilmRow(TypedDict):
    """How a row of `expressions.csv` begins; the face follows as it was read, not smoothed."""

    time: Annotated[float, Ge(0)]
    """In seconds from the start of the film, with three digits."""
    person: int | None
    """Counts people in the order in which they appear; empty for a face that only one picture has."""


@described
class FilmRead(TypedDict):
    """The film itself."""

    name: str
    width: Annotated[int, Ge(1)]
    """Of the upright film, in pixels."""
    height: Annotated[int, Ge(1)]
    duration: float | None
    """The announced length in seconds; null where it is not known."""
    read_to: Annotated[float, Ge(0)]
    """In seconds."""
    complete: bool
    """Whether it was read to its end."""
    sentences: list[str]
    """What people should know: where the film broke off, what was met on the way."""


@described
class Share(TypedDict):
    """How much of the time each emotion was the most likely one."""

    share: Probabilities


@described
class FilmPerson(Share):
    """One person through the film."""

    person: Annotated[int, Ge(1)]
    first_seen: Annotated[float, Ge(0)]
    """In seconds, as all times here."""
    last_seen: Annotated[float, Ge(0)]
    samples: Annotated[int, Ge(1)]
    """In how many pictures."""
    seconds: Annotated[float, Ge(0)]
    """For how long."""


@described
class FilmCounts(TypedDict):
    """Who was seen, and for how long with which expression."""

    samples: Annotated[int, Ge(0)]
    """How many pictures were looked at."""
    faces: Annotated[int, Ge(0)]
    faces_of_one_sample: Annotated[int, Ge(0)]
    """Those that only one picture has, which count for nobody."""
    people: list[FilmPerson]
    group: Share
    """All people together."""


@described
class FilmFindings(FilmCounts):
    """What was found in a film."""

    film: FilmRead
    pictures_per_second: float
    """How many pictures of each second were looked at."""
    smoothing_seconds: float
    """The time constant with which probabilities are smoothed."""
    lost_seconds: float
    """For how long a face may be away and still be the same person."""
    plotted_people: list[int]
    """The people who have a plot of their own."""
    moments: list[Moment]
    """The largest changes, in the order of their times."""
    model: Model


@described
class ResultFile(TypedDict):
    """A file of the results."""

    name: str
    """Its path within the results."""
    sha256: str | None
    """Of its content; null while it is being written."""


@described
class FilmSummary(FilmFindings):
    """The content of `summary.json`."""

    files: list[ResultFile]
    """All results but the summary itself."""
