import csv
import json
import os
from collections.abc import Callable
from glob import escape
from pathlib import Path

import cv2
import duckdb
import numpy as np
import pytest

from demo.film.folder import Outcome, Wanted, write_film
from demo.film.source import InvalidFilm
from demo.film.table import COLUMNS, FilmTable, to_parquet
from demo.film.timeline import Timeline
from demo.writing import Unwritable
from model import Recognizer
from model.labels import EMOTIONS
from tests.demo.faces import HAPPY, sample
from tests.demo.film import clips
from tests.demo.film.clips import paste, people, room, steady

Write = Callable[..., Outcome]

ALL = Wanted(csv=True, annotated=True, thumbnails=True)


def party(seconds: float = 4) -> list[tuple[float, np.ndarray]]:
    """A film with a face on the left that starts to smile halfway, and a smiling face on the right."""
    astronaut, hopper = people()
    frames = []
    for time in steady(seconds):
        picture = room()
        paste(picture, hopper if time < seconds / 2 else astronaut, 20, 40)
        paste(picture, astronaut, 240, 45)
        frames.append((time, picture))
    return frames


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("films") / "party [1].mkv"
    return clips.write_film(path, party(), sound="aac", seconds=4)


@pytest.fixture
def write(film_recognizer: Recognizer) -> Write:
    def run(source: Path, folder: Path, wanted: Wanted = ALL, **options: object) -> Outcome:
        return write_film(film_recognizer, source, folder, wanted, **options)  # type: ignore[arg-type]

    return run


def names(folder: Path) -> list[str]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return sorted(str(file.relative_to(folder)) for file in files)


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in names(folder)}


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def parquet(path: Path) -> list[tuple[object, ...]]:
    return duckdb.read_parquet(escape(str(path))).fetchall()


@pytest.mark.slow
def test_folder_writes_all_requested_files(film: Path, tmp_path: Path, write: Write) -> None:
    folder = tmp_path / "out [a]" / "b"
    reached: list[tuple[float, float | None]] = []
    outcome = write(film, folder, progress=lambda *times: reached.append(times))
    assert names(folder) == [
        "annotated.mp4",
        "expressions.csv",
        "expressions.parquet",
        "moments/moment-00002.00s-person-1-neutral-happy.jpg",
        "people/person-1.png",
        "people/person-2.png",
        "summary.json",
        "timeline.png",
    ]
    assert [str(file.relative_to(folder)) for file in outcome.files] == names(folder)
    assert outcome.complete
    assert outcome.sentences == []
    assert [time for time, _ in reached] == pytest.approx([n / 5 for n in range(20)], abs=0.01)
    assert {round(length or 0) for _, length in reached} == {4}

    rows = rows_of(folder / "expressions.csv")
    assert list(rows[0]) == list(COLUMNS)
    assert len(rows) == 40
    assert {row["person"] for row in rows} == {"1", "2"}
    for row in rows:
        assert sum(float(row[emotion]) for emotion in EMOTIONS) == pytest.approx(1, abs=1e-5)
        # The raw values change at once.
        if row["person"] == "1":
            assert (row["emotion"] == "happy") == (float(row["time"]) > 1.99)
    assert rows[0]["time"] == "0.000"
    assert rows[-1]["time"] == "3.800"
    [columns] = [duckdb.read_parquet(escape(str(folder / "expressions.parquet"))).columns]
    assert list(columns) == list(COLUMNS)
    for row, cells in zip(rows, parquet(folder / "expressions.parquet"), strict=True):
        expected = [row[name] for name in COLUMNS]
        assert [str(cell).lower() if isinstance(cell, bool) else cell for cell in cells] == [
            pytest.approx(float(text), abs=1e-6) if text[0].isdigit() else text for text in expected
        ]

    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert summary["film"]["name"] == "party [1].mkv"
    assert summary["film"]["complete"]
    one, two = summary["people"]
    # The smoothed values follow within their time constant.
    assert one["share"]["happy"] == pytest.approx(0.5, abs=0.13)
    assert two["share"]["happy"] == 1
    assert one["seconds"] == pytest.approx(4, abs=0.1)
    [moment] = summary["moments"]
    assert (moment["person"], moment["before"], moment["after"]) == (1, "neutral", "happy")
    thumbnail = cv2.imread(str(next((folder / "moments").iterdir())))
    assert thumbnail is not None
    assert thumbnail.shape == (256, 512, 3)
    lines = outcome.table().splitlines()
    assert lines[0] == "  0:04.0, 20 pictures looked at, 2 people"
    assert len(lines) == 4
    assert lines[3].split()[:4] == ["2", "0:00.0", "0:03.8", "4.0"]
    for name, size in (("timeline", (1800, 1500, 3)), ("people/person-2", (600, 1500, 3))):
        plot = cv2.imread(str(folder / f"{name}.png"))
        assert plot is not None
        assert plot.shape == size


@pytest.mark.usefixtures("plain_plots")
def test_folder_stores_no_pictures_of_people_unless_asked(
    film: Path, tmp_path: Path, write: Write
) -> None:
    write(film, tmp_path, Wanted(fps=2))
    assert names(tmp_path) == [
        "expressions.parquet",
        "people/person-1.png",
        "people/person-2.png",
        "summary.json",
        "timeline.png",
    ]
    assert len(parquet(tmp_path / "expressions.parquet")) == 16


@pytest.mark.slow
@pytest.mark.usefixtures("plain_plots")
def test_folder_replaces_the_results_of_an_earlier_run(
    film: Path, tmp_path: Path, write: Write
) -> None:
    write(film, tmp_path, cancelled=lambda: True)
    write(film, tmp_path)
    (tmp_path / "mine.txt").touch()
    empty = clips.write_film(tmp_path / "empty.mkv", [(t, room()) for t in steady(0.4)])
    write(empty, tmp_path, Wanted())
    assert names(tmp_path) == [
        "empty.mkv",
        "expressions.parquet",
        "mine.txt",
        "summary.json",
        "timeline.png",
    ]
    assert parquet(tmp_path / "expressions.parquet") == []
    assert json.loads((tmp_path / "summary.json").read_text())["people"] == []


@pytest.mark.slow
@pytest.mark.usefixtures("plain_plots")
def test_folder_writes_complete_files_named_partial_when_cancelled(
    film: Path, tmp_path: Path, write: Write
) -> None:
    reached: list[float] = []
    outcome = write(
        film,
        tmp_path,
        progress=lambda time, _: reached.append(time),
        cancelled=lambda: reached[-1] >= 2.9,
    )
    assert not outcome.complete
    assert outcome.sentences == ["Stopped at 0:03.0."]
    assert names(tmp_path) == [
        "annotated.partial.mp4",
        "expressions.partial.csv",
        "expressions.partial.parquet",
        "moments/moment-00002.00s-person-1-neutral-happy.partial.jpg",
        "people/person-1.partial.png",
        "people/person-2.partial.png",
        "summary.partial.json",
        "timeline.partial.png",
    ]
    rows = rows_of(tmp_path / "expressions.partial.csv")
    assert len(rows) == len(parquet(tmp_path / "expressions.partial.parquet")) == 32
    assert rows[-1]["time"] == "3.000"
    with clips.av.open(str(tmp_path / "annotated.partial.mp4")) as film_:
        assert len(list(film_.decode(video=0))) == 45
    summary = json.loads((tmp_path / "summary.partial.json").read_text())
    assert not summary["film"]["complete"]


@pytest.mark.usefixtures("plain_plots")
def test_folder_answers_a_truncated_film_and_says_where_it_ends(
    film: Path, tmp_path: Path, write: Write
) -> None:
    whole = film.read_bytes()
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole[: len(whole) // 2])
    outcome = write(cut, tmp_path / "out")
    assert not outcome.complete
    [sentence] = outcome.sentences
    assert sentence.startswith("The film breaks off at 0:0")
    assert "expressions.csv" in names(tmp_path / "out")
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["film"]["sentences"] == [sentence]
    assert 0.5 < summary["film"]["read_to"] < 3.5


@pytest.mark.usefixtures("plain_plots")
def test_folder_writes_nothing_for_an_unreadable_film(
    film: Path, tmp_path: Path, write: Write
) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("This is a text.\n" * 50)
    with pytest.raises(InvalidFilm, match="not a film"):
        write(text, tmp_path / "out")
    with pytest.raises(InvalidFilm, match="limit is 0:03"):
        write(film, tmp_path / "out", longest=3)
    assert names(tmp_path) == ["text.mp4"]
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("plain_plots")
def test_folder_never_replaces_its_own_film(film: Path, tmp_path: Path, write: Write) -> None:
    for name in ("annotated.mp4", "annotated.partial.mp4"):
        source = tmp_path / name
        source.write_bytes(film.read_bytes())
        with pytest.raises(Unwritable, match="would replace this film"):
            write(source, tmp_path)
        assert names(tmp_path) == [name]
        source.unlink()


@pytest.mark.usefixtures("plain_plots")
def test_folder_refuses_its_own_results_as_a_film(film: Path, tmp_path: Path, write: Write) -> None:
    write(film, tmp_path, Wanted(annotated=True, fps=1))
    before = contents(tmp_path)
    with pytest.raises(Unwritable, match="would replace this film"):
        write(tmp_path / "annotated.mp4", tmp_path, Wanted())
    assert contents(tmp_path) == before


@pytest.mark.slow
@pytest.mark.usefixtures("plain_plots")
def test_folder_keeps_files_that_no_run_wrote(film: Path, tmp_path: Path, write: Write) -> None:
    strangers = ["people/person-grandma.png", "people/person-7.old.png"]
    strangers += ["moments/moment-first-kiss.jpg", "expressions.csv", "annotated.mp4"]
    for name in strangers:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("precious")
    # The last two have names of results, but not of this run's.
    write(film, tmp_path, Wanted(fps=1, thumbnails=True), cancelled=lambda: True)
    write(film, tmp_path, Wanted(fps=1, thumbnails=True))
    write(film, tmp_path, Wanted(fps=1))
    assert {name: (tmp_path / name).read_text() for name in strangers} == dict.fromkeys(
        strangers, "precious"
    )
    assert set(names(tmp_path)) == {
        *strangers,
        *("expressions.parquet", "people/person-1.png", "people/person-2.png"),
        *("summary.json", "timeline.png"),
    }


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("expressions.csv", Wanted(csv=True)),
        ("expressions.partial.csv", Wanted()),
        ("annotated.mp4", Wanted(annotated=True)),
        ("people/person-1.png", Wanted()),
        ("people", Wanted()),
        ("moments/moment-00002.00s-person-1-neutral-happy.jpg", Wanted(thumbnails=True)),
        ("summary.json", Wanted()),
        ("summary.partial.json", Wanted()),
    ],
)
def test_folder_never_replaces_files_that_no_run_wrote(
    film: Path, tmp_path: Path, write: Write, name: str, wanted: Wanted
) -> None:
    stranger = tmp_path / name
    stranger.parent.mkdir(exist_ok=True)
    stranger.write_text('{"files": [{"name": "photo.jpg", "sha256": null}]}')
    before = contents(tmp_path)
    with pytest.raises(Unwritable, match=str(stranger)):
        write(film, tmp_path, wanted)
    assert contents(tmp_path) == before


@pytest.mark.usefixtures("plain_plots")
def test_folder_keeps_results_that_were_changed_by_hand(
    film: Path, tmp_path: Path, write: Write
) -> None:
    write(film, tmp_path, Wanted(fps=1, csv=True, parquet=False))
    table = tmp_path / "expressions.csv"
    table.write_text(f"{table.read_text()}notes\n")
    with pytest.raises(Unwritable, match=r"expressions\.csv: .* changed since"):
        write(film, tmp_path, Wanted(fps=1, csv=True, parquet=False))
    write(film, tmp_path, Wanted(fps=1))
    assert table.read_text().endswith("notes\n")


@pytest.mark.usefixtures("plain_plots")
def test_folder_keeps_a_file_that_appears_during_the_run(
    film: Path, tmp_path: Path, write: Write
) -> None:
    plot = tmp_path / "timeline.png"
    with pytest.raises(FileExistsError, match=r"timeline\.png"):
        write(film, tmp_path, Wanted(fps=1), progress=lambda *_: plot.write_text("precious"))
    assert plot.read_text() == "precious"
    assert "timeline.partial.png" in names(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("killed", ["reading", "plotting", "naming"])
@pytest.mark.usefixtures("plain_plots")
def test_folder_can_be_used_again_after_a_killed_run(
    film: Path, tmp_path: Path, write: Write, killed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    replace = Path.replace

    def kill(file: object, target: Path = Path("timeline.png"), *_: object) -> Path:
        if killed == "naming" and target.name != "timeline.png":
            return replace(file, target)  # type: ignore[arg-type]
        raise Killed

    write(film, tmp_path, Wanted(fps=1))
    whole = names(tmp_path)
    (tmp_path / "people" / "person-grandma.partial.png").write_text("precious")
    places = {
        "reading": "demo.film.folder.Timeline.add",
        "plotting": "demo.film.folder.group_plot",
        "naming": "pathlib.Path.replace",
    }
    with monkeypatch.context() as patch:
        patch.setattr(places[killed], kill)
        with pytest.raises(Killed):
            write(film, tmp_path)
    assert "summary.partial.json" in names(tmp_path)
    write(film, tmp_path, Wanted(fps=1))
    assert names(tmp_path) == sorted([*whole, "people/person-grandma.partial.png"])


@pytest.mark.usefixtures("plain_plots")
def test_folder_and_film_may_have_names_that_are_not_utf8(
    film: Path, tmp_path: Path, write: Write
) -> None:
    source = tmp_path / os.fsdecode(b"Zo\xeb.mkv")
    source.write_bytes(film.read_bytes())
    folder = tmp_path / os.fsdecode(b"Zo\xeb [1] 'x'")
    write(source, folder, Wanted(fps=1, csv=True, annotated=True))
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert summary["film"]["name"] == r"Zo\xeb.mkv"
    assert len(rows_of(folder / "expressions.csv")) == 8
    content = (folder / "expressions.parquet").read_bytes()
    assert (content[:4], content[-4:]) == (b"PAR1", b"PAR1")
    with clips.av.open(str(folder / "annotated.mp4")) as drawn:
        assert len(list(drawn.decode(video=0))) == 60


def test_folder_lists_the_people_seen_longest() -> None:
    timeline = Timeline()
    for time in range(60):
        timeline.add(sample(time, p100=HAPPY, **{f"p{time // 2 + 1}": HAPPY}))
    timeline.finish(60)
    lines = Outcome(timeline, True, [], []).table().splitlines()
    assert len(lines) == 2 + 20 + 1
    assert lines[-2].split()[0] == "100"
    assert lines[-1] == "  and 11 seen for less, see summary.json"


@pytest.mark.slow
@pytest.mark.usefixtures("plain_plots")
def test_table_rows_are_on_disk_once_added(film: Path, tmp_path: Path, write: Write) -> None:
    """After a power cut the CSV is there, wanted or not."""
    partial = tmp_path / "expressions.partial.csv"
    counts: list[int] = []
    write(film, tmp_path, Wanted(), progress=lambda *_: counts.append(len(rows_of(partial))))
    assert counts == list(range(2, 42, 2))
    assert not partial.exists()


def test_table_without_rows_can_be_converted(tmp_path: Path) -> None:
    FilmTable(tmp_path / "a.csv").close()
    to_parquet(tmp_path / "a.csv", tmp_path / "a.parquet")
    assert parquet(tmp_path / "a.parquet") == []


def test_table_raises_os_error_on_a_full_disk(tmp_path: Path) -> None:
    FilmTable(tmp_path / "a.csv").close()
    with pytest.raises(OSError, match=r"b\.parquet"):
        to_parquet(tmp_path / "a.csv", tmp_path / "nowhere" / "b.parquet")
