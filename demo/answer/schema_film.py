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
    """The first message: it announces a film and says which results to make."""

    name: Annotated[str, Len(1, 255)]
    """The name of the film's file."""
    bytes: Annotated[int, Ge(0)]
    """The size of the film's file."""
    fps: Annotated[float, Ge(0.1), Le(30)] = 5.0
    """How many pictures per second to read."""
    annotate: bool = False
    """Also make a copy of the film with boxes."""
    thumbnails: bool = False
    """Also make small pictures of the largest changes."""


@described
class FilmReady(TypedDict):
    """The server is ready for the film."""

    ready: Literal[True]


@described
class FilmProgress(TypedDict):
    """How far the film has been read; sent several times a second."""

    time: Annotated[float, Ge(0)]
    """The time in the film, in seconds."""
    duration: float | None
    """The film's length in seconds; null if it is not known."""


@described
class FilmError(TypedDict):
    """The film cannot be read at all; no other message follows."""

    error: str
    """The reason, in a sentence."""


@described
class FilmResults(TypedDict):
    """The film has been read, and its results follow."""

    complete: bool
    """True if the film was read to its end."""
    files: Annotated[int, Ge(0)]
    """How many files follow, each announced by a `FilmFile`."""


@described
class FilmFile(TypedDict):
    """One file of the results; its content follows in binary messages."""

    file: str
    """The file's path within the results, such as `people/person-1.png`."""
    bytes: Annotated[int, Ge(0)]
    """The file's size."""


@described
class FilmRead(TypedDict):
    """Facts about the film."""

    name: str
    width: Annotated[int, Ge(1)]
    """The width of the upright film, in pixels."""
    height: Annotated[int, Ge(1)]
    """The height of the upright film, in pixels."""
    duration: float | None
    """The announced length in seconds; null if it is not known."""
    read_to: Annotated[float, Ge(0)]
    """The time up to which the film was read, in seconds."""
    complete: bool
    """True if the film was read to its end."""
    sentences: list[str]
    """Notes for people, such as where the film breaks off or which frames are damaged."""


@described
class Share(TypedDict):
    """Each emotion's share of the time, counted while it was the most likely one."""

    share: Probabilities


@described
class FilmPerson(Share):
    """One person through the film."""

    person: Annotated[int, Ge(1)]
    first_seen: Annotated[float, Ge(0)]
    """The time of the first sighting, in seconds."""
    last_seen: Annotated[float, Ge(0)]
    """The time of the last sighting, in seconds."""
    samples: Annotated[int, Ge(1)]
    """How many pictures show the person."""
    seconds: Annotated[float, Ge(0)]
    """How many seconds the person was seen."""


@described
class FilmCounts(TypedDict):
    """The people in a film, and how long they showed each expression."""

    samples: Annotated[int, Ge(0)]
    """How many pictures were read."""
    faces: Annotated[int, Ge(0)]
    """How many faces were found in all pictures."""
    faces_of_one_sample: Annotated[int, Ge(0)]
    """How many of these appear in one picture only. They count for no person."""
    people: list[FilmPerson]
    group: Share
    """All people together."""


@described
class FilmFindings(FilmCounts):
    """Everything found in a film."""

    film: FilmRead
    pictures_per_second: float
    """How many pictures per second were read."""
    smoothing_seconds: float
    """The time constant of the smoothing of probabilities, in seconds."""
    lost_seconds: float
    """How long a face may be away and still count as the same person, in seconds."""
    plotted_people: list[int]
    """The numbers of the people who have their own plot."""
    moments: list[Moment]
    """The largest changes, in order of time."""
    model: Model


@described
class ResultFile(TypedDict):
    """One file of the results."""

    name: str
    """The file's path within the results."""
    sha256: str | None
    """The SHA-256 of the file; null while the file is being written."""


@described
class FilmSummary(FilmFindings):
    """The content of `summary.json`."""

    files: list[ResultFile]
    """All results except the summary itself."""
