import csv
import json
import os
import pty
import resource
import signal
import subprocess
import sys
import termios
from pathlib import Path

import duckdb
import pytest
from PIL import Image

from demo.commands.main import main
from model import Recognizer
from tests.conftest import ROOT
from tests.demo.conftest import wait_until
from tests.demo.film.clips import people, room, scene, steady, write_film

pytestmark = pytest.mark.slow

Capture = pytest.CaptureFixture[str]


def film(path: Path, seconds: float = 1, rate: float = 15) -> Path:
    """A film of a smiling face."""
    head = people()[0]
    place = lambda time: (60 + 5 * (time % 20), 40)  # noqa: E731
    return write_film(path, scene(room(320), [(head, place)], steady(seconds, rate)))


def start(*arguments: str | Path, **options: object) -> "subprocess.Popen[str]":
    """Runs the command in its own process."""
    return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
        [sys.executable, "-m", "demo", "video", *map(str, arguments)],
        cwd=ROOT,
        text=True,
        **options,
    )


def video(*arguments: str | Path) -> int:
    return main(["video", *map(str, arguments)])


def test_video_writes_a_films_results_into_the_folder(tmp_path: Path, capsys: Capture) -> None:
    path, folder = film(tmp_path / "a.mp4"), tmp_path / "out"
    assert video(path, "--output", folder, "--csv", "--annotate", "--thumbnails") == 0
    title, count, heads, person = capsys.readouterr().out.splitlines()
    assert title == f"{path}, written into {folder}:"
    assert count == "  0:01.0, 5 pictures looked at, 1 person"
    assert heads.split()[0] == "person"
    assert "100%" in person
    files = {"annotated.mp4", "expressions.csv", "expressions.parquet", "summary.json"}
    assert files < {file.name for file in folder.iterdir()}
    assert person[: heads.index("happy") + 5].endswith("100%")


@pytest.mark.usefixtures("plain_plots")
def test_video_writes_csv_without_duckdb(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in the container, which has no DuckDB."""
    monkeypatch.setitem(sys.modules, "duckdb", None)
    assert video(film(tmp_path / "a.mp4"), "--output", tmp_path / "out") == 0
    assert "DuckDB, which writes Parquet, is not installed" in capsys.readouterr().err
    assert (tmp_path / "out" / "expressions.csv").exists()
    assert not (tmp_path / "out" / "expressions.parquet").exists()


@pytest.mark.usefixtures("plain_plots")
def test_video_gives_several_films_a_folder_each(tmp_path: Path, capsys: Capture) -> None:
    films = [film(tmp_path / "a.mp4"), film(tmp_path / "a.mkv")]
    bad = tmp_path / "bad.mp4"
    bad.write_text("This is a text.\n" * 50)
    assert video(films[0], bad, films[1], "--output", tmp_path / "out", "--fps", "2") == 1
    captured = capsys.readouterr()
    assert captured.out.count("written into") == 2
    [complaint] = captured.err.splitlines()[-1:]
    assert complaint.startswith(f"{bad}: ")
    assert sorted(each.name for each in (tmp_path / "out").iterdir()) == ["a.mkv", "a.mp4"]
    summary = json.loads((tmp_path / "out" / "a.mkv" / "summary.json").read_text())
    assert summary["samples"] == 2
    assert summary["pictures_per_second"] == 2


def test_video_refuses_a_picture_and_names_classify(tmp_path: Path, capsys: Capture) -> None:
    picture = tmp_path / "a.png"
    Image.new("RGB", (64, 64)).save(picture)
    assert video(picture, "--output", tmp_path / "out") == 1
    assert capsys.readouterr().err.endswith(
        f"{picture}: This is a picture, not a film. Use `python -m demo classify` for it.\n"
    )


@pytest.mark.usefixtures("plain_plots")
def test_video_answers_a_truncated_film_with_a_sentence(tmp_path: Path, capsys: Capture) -> None:
    whole = film(tmp_path / "a.mkv", 3).read_bytes()
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole[: len(whole) // 2])
    assert video(cut, "--output", tmp_path / "out") == 1
    captured = capsys.readouterr()
    assert "1 person" in captured.out
    assert f"{cut}: The film breaks off at 0:0" in captured.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["video"],
        ["video", "a.mp4"],
        ["video", "--output", "out"],
        ["video", "a.mp4", "--output", "out", "--fps", "0"],
        ["video", "a.mp4", "--output", "out", "--fps", "nan"],
        ["video", "a.mp4", "--output", "out", "--fps", "fast"],
        ["video", "a.mp4", "--output", "out", "--min-face", "3"],
    ],
)
def test_video_exits_with_2_on_wrong_usage(arguments: list[str], capsys: Capture) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert "usage: python -m demo" in capsys.readouterr().err


def test_video_refuses_an_impossible_output_at_once(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "file").touch()
    assert video(tmp_path / "a.mp4", "--output", tmp_path / "file") == 2
    assert "Not a folder" in capsys.readouterr().err
    twice = [tmp_path / "one" / "a.mp4", tmp_path / "two" / "a.mp4"]
    assert video(*twice, "--output", tmp_path / "out") == 2
    assert "Two films have this name" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_video_refuses_to_replace_another_file_before_it_reads(
    tmp_path: Path, capsys: Capture
) -> None:
    films = [film(tmp_path / "a.mp4"), film(tmp_path / "b.mp4")]
    stranger = tmp_path / "out" / "b.mp4" / "timeline.png"
    stranger.parent.mkdir(parents=True)
    stranger.write_text("precious")
    assert video(*films, "--output", tmp_path / "out") == 2
    [sentence] = capsys.readouterr().err.splitlines()
    assert sentence.startswith(f"{stranger}: is not replaced, because no earlier run wrote")
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["b.mp4"]
    assert stranger.read_text() == "precious"


@pytest.mark.usefixtures("plain_plots")
def test_video_shares_a_folder_with_a_table_of_pictures(
    tmp_path: Path, empty_room: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.jpg").write_bytes(empty_room)
    film(tmp_path / "party.mp4", 0.4)
    assert main(["classify", "a.jpg", "--csv", "expressions.csv"]) == 0
    before = Path("expressions.csv").read_bytes()
    assert video("party.mp4", "--output", ".") == 0
    assert video("party.mp4", "--output", ".", "--csv") == 2
    assert Path("expressions.csv").read_bytes() == before
    assert Path("expressions.parquet").exists()


@pytest.mark.usefixtures("plain_plots")
def test_video_writes_results_of_several_films_beside_them(tmp_path: Path, capsys: Capture) -> None:
    films = [film(tmp_path / name, 0.4) for name in ("a.mp4", "b.mp4")]
    before = [each.read_bytes() for each in films]
    # Twice, because the second run finds what the first wrote.
    for _ in range(2):
        assert video(*films, "--output", tmp_path) == 0
    assert f"written into {tmp_path / 'b.mp4-expressions'}:" in capsys.readouterr().out
    for name in ("a.mp4-expressions", "b.mp4-expressions"):
        assert (tmp_path / name / "summary.json").exists()
    assert [each.read_bytes() for each in films] == before


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), RuntimeError("fault")])
@pytest.mark.usefixtures("plain_plots")
def test_video_goes_on_with_other_films_after_a_failure(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    from demo.film.folder import write_film as write

    def failing(recognizer: Recognizer, source: Path, *others: object, **options: object) -> object:
        if source.name == "a.mp4":
            raise fault
        return write(recognizer, source, *others, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("demo.film.folder.write_film", failing)
    films = [film(tmp_path / name, 0.4) for name in ("a.mp4", "b.mp4")]
    assert video(*films, "--output", tmp_path / "out") == 1
    printed = capsys.readouterr()
    assert printed.out.startswith(f"{films[1]}, written into ")
    [sentence] = printed.err.splitlines()
    assert sentence.startswith(f"{films[0]}: ")


@pytest.mark.usefixtures("plain_plots")
def test_video_has_min_face_80_by_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen = []

    class Watched(Recognizer):
        def __init__(self, detector: str, min_face: int, video: bool) -> None:
            seen.append((detector, min_face, video))
            super().__init__(detector=detector, min_face=min_face, video=video)

    monkeypatch.setattr("demo.commands.video.Recognizer", Watched)
    path = film(tmp_path / "a.mp4", 0.2)
    assert video(path, "--output", tmp_path / "out") == 0
    assert video(path, "--output", tmp_path / "out", "--min-face", "160") == 0
    assert seen == [("hog+blazeface", 80, True), ("hog+blazeface", 160, True)]


def test_video_leaves_complete_files_named_partial_on_ctrl_c(tmp_path: Path) -> None:
    path, folder = film(tmp_path / "a.mp4", 60), tmp_path / "out"
    process = start(
        path,
        *("--output", folder, "--fps", "15", "--csv", "--annotate"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    table = folder / "expressions.partial.csv"
    wait_until(lambda: table.exists() and table.read_bytes().count(b"\n") > 20)
    process.send_signal(signal.SIGINT)
    output, complaint = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in complaint
    assert "Warning" not in complaint
    assert "Stopped at 0:" in complaint
    assert "1 person" in output
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert len(files) == 6
    assert all(".partial." in file.name for file in files)
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert 20 <= len(rows) < 900
    parquet = duckdb.read_parquet(str(folder / "expressions.partial.parquet"))
    assert len(parquet.fetchall()) == len(rows)


def test_video_explains_a_full_disk_in_one_sentence(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", 3)
    process = start(
        *(path, "--output", tmp_path / "out"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)),
    )
    _, complaint = process.communicate(timeout=60)
    assert process.returncode == 1
    [sentence] = [line for line in complaint.splitlines() if not line.startswith("INFO: ")]
    assert sentence.endswith("File too large.")


def test_video_shows_the_time_left_on_a_terminal(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", 4)
    controller, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 100))
    process = start(
        *(path, "--output", tmp_path / "out", "--fps", "15"),
        stdout=subprocess.PIPE,
        stderr=terminal,
    )
    os.close(terminal)
    shown = b""
    try:
        while block := os.read(controller, 65536):
            shown += block
    except OSError:  # Linux's error when the other end is closed
        pass
    process.communicate(timeout=30)
    os.close(controller)
    assert process.returncode == 0
    assert b"a.mp4: " in shown
    assert b" of 4 s, 00:0" in shown
    assert b" left" in shown
