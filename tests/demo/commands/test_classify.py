import csv
import errno
import json
import os
import pty
import resource
import signal
import subprocess
import sys
import termios
from pathlib import Path

import numpy as np
import pytest

from demo.answer import schema
from demo.answer.as_json import to_json
from demo.answer.as_table import CSV_COLUMNS
from demo.answer.as_text import text_table
from demo.answer.reading import Answer
from demo.answer.reading import read as read_picture
from demo.commands.main import main
from demo.web.service import Service
from model import Recognizer
from model.labels import EMOTIONS
from tests.conftest import ROOT
from tests.demo.conftest import check_type, encoded, wait_until

Capture = pytest.CaptureFixture[str]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def start(*arguments: str | Path, **options: object) -> "subprocess.Popen[str]":
    """Runs the command line in its own process."""
    return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
        [sys.executable, "-m", "demo", "classify", *map(str, arguments)],
        cwd=ROOT,
        text=True,
        **options,
    )


def many(place: Path, picture: bytes) -> Path:
    """A folder of 900 pictures that are one file."""
    folder = place / "many"
    folder.mkdir()
    (folder / "000.jpg").write_bytes(picture)
    for number in range(1, 900):
        (folder / f"{number:03}.jpg").hardlink_to(folder / "000.jpg")
    return folder


def test_classify_prints_a_table_for_people(
    tmp_path: Path, two_people: bytes, empty_room: bytes, capsys: Capture
) -> None:
    (tmp_path / "pair.jpg").write_bytes(two_people)
    (tmp_path / "room.jpg").write_bytes(empty_room)
    assert main(["classify", str(tmp_path / "pair.jpg"), str(tmp_path / "room.jpg")]) == 0
    title, heads, left, right, room = capsys.readouterr().out.splitlines()
    assert title == f"{tmp_path / 'pair.jpg'} (1024 x 512): 2 faces"
    assert [head for head in heads.split() if head in EMOTIONS] == list(EMOTIONS)
    assert left.endswith("😄 happy")
    shares = [part for part in left.split() if part.endswith("%")]
    assert len(shares) == 7
    assert sum(int(share.strip("<>%")) for share in shares) in range(95, 108)
    assert right.split()[0] == "2"
    assert room == f"{tmp_path / 'room.jpg'} (400 x 300): no face found"


def test_classify_answers_a_folder_in_order(
    tmp_path: Path, happy: bytes, empty_room: bytes, capsys: Capture
) -> None:
    names = [f"{number:02}.jpg" for number in range(12)]
    for number, name in enumerate(names):
        (tmp_path / name).write_bytes(empty_room if number % 3 else happy)
    assert main(["classify", "--json", str(tmp_path)]) == 0
    documents = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [Path(document["path"]).name for document in documents] == names
    assert [len(document["faces"]) for document in documents] == [1, 0, 0] * 4


def test_classify_aligns_columns_with_their_headings(service: Service, two_people: bytes) -> None:
    _, heads, *faces = text_table(Path("p.jpg"), service.read(two_people)).splitlines()
    for line in faces:
        for emotion in EMOTIONS:
            end = heads.index(emotion) + len(emotion)
            assert line[:end].endswith("%")
            assert line[end] == " "


def test_classify_names_two_expressions_if_uncertain(service: Service, happy: bytes) -> None:
    answer = service.read(happy)
    [face] = answer.faces
    object.__setattr__(face, "uncertain", True)
    last = text_table(Path("p.jpg"), Answer(answer.picture, [face])).splitlines()[-1]
    assert "😄 happy or " in last
    assert last.endswith(f"{face.second}?")


def test_classify_json_writes_one_documented_line_per_picture(
    tmp_path: Path, two_people: bytes, empty_room: bytes, service: Service, capsys: Capture
) -> None:
    (tmp_path / "b.jpg").write_bytes(two_people)
    (tmp_path / "a é.jpg").write_bytes(empty_room)
    assert main(["classify", "--json", str(tmp_path)]) == 0
    documents = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    paths = [document.pop("path") for document in documents]
    assert paths == [str(tmp_path / "a é.jpg"), str(tmp_path / "b.jpg")]
    assert documents[1] == to_json(service.read(two_people), service.recognizer.classifier)
    assert documents[0]["faces"] == []
    for document in documents:
        check_type(schema.Expressions, document)


def test_classify_csv_writes_one_row_per_face(
    tmp_path: Path, two_people: bytes, empty_room: bytes, service: Service, capsys: Capture
) -> None:
    pair = tmp_path / 'the "pair", 1.jpg'
    pair.write_bytes(two_people)
    (tmp_path / "room.jpg").write_bytes(empty_room)
    table = tmp_path / "faces.csv"
    assert main(["classify", "--csv", str(table), str(tmp_path)]) == 0
    assert capsys.readouterr().out == ""

    rows = rows_of(table)
    assert tuple(rows[0])[: len(CSV_COLUMNS)] == CSV_COLUMNS
    assert [(row["path"], row["face"]) for row in rows] == [
        (str(tmp_path / "room.jpg"), "0"),
        (str(pair), "1"),
        (str(pair), "2"),
    ]
    assert set(list(rows[0].values())[2 : len(CSV_COLUMNS)]) == {""}
    for row, face in zip(rows[1:], service.read(two_people).faces, strict=True):
        assert [int(row[side]) for side in ("x", "y", "width", "height")] == list(face.box)
        assert sum(float(row[emotion]) for emotion in EMOTIONS) == pytest.approx(1, abs=1e-5)
        assert row["emotion"] == face.emotion
        assert row["confidence"] == row[face.emotion]
        assert row["uncertain"] == str(face.uncertain).lower()


@pytest.mark.parametrize("output", ["--json", "--csv"])
def test_classify_names_a_damaged_file_that_could_be_read(
    tmp_path: Path, happy: bytes, output: str, capsys: Capture
) -> None:
    path = tmp_path / "damaged.jpg"
    path.write_bytes(happy[:-5])
    options = [output, str(tmp_path / "faces.csv")] if output == "--csv" else [output]
    assert main(["classify", *options, str(path)]) == 0
    captured = capsys.readouterr()
    assert captured.err.startswith(f"{path}: The file is damaged or was cut off")
    if output == "--json":
        [sentence] = json.loads(captured.out)["warnings"]
        assert captured.err == f"{path}: {sentence}\n"
    else:
        assert [row["emotion"] for row in rows_of(tmp_path / "faces.csv")] == ["happy"]


@pytest.mark.slow
@pytest.mark.parametrize("output", [[], ["--json"], ["--csv"]])
def test_classify_names_bad_files_and_answers_good_ones(
    ten_good_two_bad: Path, tmp_path: Path, output: list[str], capsys: Capture
) -> None:
    table = tmp_path / "faces.csv"
    if output == ["--csv"]:
        output = ["--csv", str(table)]
    assert main(["classify", *output, str(ten_good_two_bad)]) == 1
    captured = capsys.readouterr()
    complaints = captured.err.splitlines()
    assert [line.split(": ")[0] for line in complaints[:2]] == [
        str(ten_good_two_bad / "bad.jpg"),
        str(ten_good_two_bad / "cut.jpg"),
    ]
    assert len(complaints) == (3 if table.exists() else 2)  # The report's place is said.
    if table.exists():
        rows = rows_of(table)
        assert [row["emotion"] for row in rows if not row["error"]] == ["happy"] * 10
        assert len(rows) == 12
    else:
        assert captured.out.count(".jpg") + captured.out.count(".JPEG") == 10
        assert "bad.jpg" not in captured.out


def test_classify_explains_each_kind_of_bad_file(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "text.jpg").write_text("This is text.")
    (tmp_path / "empty.jpg").touch()
    names = ("text.jpg", "empty.jpg", "missing.jpg")
    assert main(["classify", *(str(tmp_path / name) for name in names)]) == 1
    text, empty, missing = capsys.readouterr().err.splitlines()
    assert "not a picture" in text
    assert "empty" in empty
    assert "no such file" in missing


def test_classify_reads_a_folders_pictures_but_no_hidden_or_other_files(
    tmp_path: Path, empty_room: bytes, capsys: Capture
) -> None:
    for name in ("b.png", "a.HEIC", ".hidden.jpg", "notes.txt", ".thumbs/c.jpg", "deep/er/d.avif"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(empty_room)
    (tmp_path / "folder.jpg").mkdir()
    assert main(["classify", "--json", str(tmp_path)]) == 0
    paths = [json.loads(line)["path"] for line in capsys.readouterr().out.splitlines()]
    assert paths == [str(tmp_path / name) for name in ("a.HEIC", "b.png", "deep/er/d.avif")]


@pytest.mark.parametrize("suffix", [".HIF", ".heics", ".apng", ".mpo", ".jfif"])
def test_classify_reads_every_suffix_that_the_decoder_knows(
    tmp_path: Path, empty_room: bytes, suffix: str, capsys: Capture
) -> None:
    (tmp_path / f"a{suffix}").write_bytes(empty_room)
    assert main(["classify", str(tmp_path)]) == 0
    assert f"a{suffix}" in capsys.readouterr().out


def test_classify_says_how_many_files_it_skipped(
    tmp_path: Path, empty_room: bytes, capsys: Capture
) -> None:
    for name in ("a.png", "b.mov", "c.MOV", "notes", ".hidden", ".folder/c.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(empty_room)
    assert main(["classify", str(tmp_path)]) == 0
    [sentence] = capsys.readouterr().err.splitlines()
    assert sentence == (
        f"{tmp_path}: 3 files were skipped, because pictures have other suffixes (2 .mov, 1 without a"
        " suffix). To read such a file, name it on the command line."
    )


@pytest.mark.parametrize("folder", ["@eaDir", "__MACOSX", "$RECYCLE.BIN"])
def test_classify_skips_copies_that_systems_keep(
    tmp_path: Path, empty_room: bytes, folder: str, capsys: Capture
) -> None:
    for picture in (tmp_path / "a.jpg", tmp_path / folder / "a.jpg" / "THUMB_M.jpg"):
        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.write_bytes(empty_room)
    assert main(["classify", "--json", str(tmp_path)]) == 0
    [line] = capsys.readouterr().out.splitlines()
    assert json.loads(line)["path"] == str(tmp_path / "a.jpg")


def test_classify_reads_linked_folders_once_and_ends_loops(
    tmp_path: Path, empty_room: bytes, capsys: Capture
) -> None:
    album, disk = tmp_path / "album", tmp_path / "disk"
    for picture in (album / "late" / "a.jpg", disk / "b.jpg"):
        picture.parent.mkdir(parents=True)
        picture.write_bytes(empty_room)
    (album / "first").symlink_to(disk)
    (album / "second").symlink_to(disk)
    (album / "again").symlink_to("late")
    (album / "late" / "up").symlink_to(album)
    (disk / "back").symlink_to(album)
    (album / ".hidden").symlink_to(tmp_path)
    assert main(["classify", "--json", str(album)]) == 0
    paths = [json.loads(line)["path"] for line in capsys.readouterr().out.splitlines()]
    assert paths == [str(album / "first" / "b.jpg"), str(album / "late" / "a.jpg")]


def test_classify_reads_a_named_file_with_any_suffix(
    tmp_path: Path, happy: bytes, capsys: Capture
) -> None:
    (tmp_path / "snapshot").write_bytes(happy)
    assert main(["classify", str(tmp_path / "snapshot")]) == 0
    assert "😄 happy" in capsys.readouterr().out


def test_classify_names_an_unreadable_folder_and_reads_the_others(
    tmp_path: Path, empty_room: bytes, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("closed/a.png", "open/b.png", ".closed/c.png"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(empty_room)
    list_folder = os.scandir

    def refusing(folder: str) -> object:
        if os.fspath(folder).endswith("closed"):
            raise PermissionError(errno.EACCES, "Permission denied", str(folder))
        return list_folder(folder)

    monkeypatch.setattr(os, "scandir", refusing)
    assert main(["classify", "--json", str(tmp_path)]) == 1
    printed = capsys.readouterr()
    assert [json.loads(line)["path"] for line in printed.out.splitlines()] == [
        str(tmp_path / "open/b.png")
    ]
    assert printed.err.splitlines() == [
        f"{tmp_path / 'closed'}: This folder cannot be read (Permission denied)."
    ]


def test_classify_names_a_folder_without_a_picture(tmp_path: Path, capsys: Capture) -> None:
    assert main(["classify", str(tmp_path)]) == 1
    assert str(tmp_path) in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["classify"],
        ["classify", "a.jpg", "--json", "--csv", "f.csv"],
        ["classify", "a.jpg", "--min-face", "3"],
        ["classify", "a.jpg", "--min-face", "small"],
        ["clasify", "a.jpg"],
    ],
)
def test_classify_exits_with_2_on_wrong_usage(arguments: list[str], capsys: Capture) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert "usage: python -m demo" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["classify", ""], "PATH: the path is empty"),
        (["classify", "a.jpg", "--csv", ""], "--csv: the path is empty"),
        (["classify", "a.jpg", "--explain", ""], "--explain: the path is empty"),
        (["video", "", "--output", "o"], "FILE: the path is empty"),
        (["video", "a.mp4", "--output", ""], "--output: the path is empty"),
        (
            ["classify", "a.jpg", "--min-face", "abc"],
            "--min-face: must be a whole number from 20 to 1280. Received: abc",
        ),
        (
            ["video", "a.mp4", "--output", "o", "--fps", "abc"],
            "--fps: must be a number from 0.01 to 240. Received: abc",
        ),
    ],
)
def test_classify_explains_a_wrong_argument(
    arguments: list[str], sentence: str, capsys: Capture
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert sentence in capsys.readouterr().err


def test_classify_goes_on_with_a_folder_after_a_fault(
    tmp_path: Path, empty_room: bytes, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(_: Recognizer, content: bytes, explain: bool) -> Answer:
        if content == b"trouble":
            raise RuntimeError("out of something")
        return read_picture(_, content, explain)

    monkeypatch.setattr("demo.commands.classify.read_picture", read)
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        (tmp_path / name).write_bytes(b"trouble" if name == "b.jpg" else empty_room)
    # One more: a name that no folder can have.
    assert main(["classify", str(tmp_path), "x" * 300]) == 1
    printed = capsys.readouterr()
    assert printed.out.count("no face found") == 2
    first, second = printed.err.splitlines()
    assert first.startswith(f"{tmp_path / 'b.jpg'}: This picture cannot be read: ")
    assert "RuntimeError: out of something" in first
    assert second.endswith("(file name too long).")


def test_classify_takes_detector_and_min_face(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, empty_room: bytes
) -> None:
    seen = []

    class Watched(Recognizer):
        def __init__(self, detector: str, min_face: int) -> None:
            seen.append((detector, min_face))
            super().__init__(detector=detector, min_face=min_face)

    monkeypatch.setattr("demo.commands.classify.Recognizer", Watched)
    (tmp_path / "room.jpg").write_bytes(empty_room)
    assert main(["classify", str(tmp_path), "--min-face", "80", "--detector", "hog"]) == 0
    assert main(["classify", str(tmp_path)]) == 0
    assert seen == [("hog", 80), ("hog+blazeface", 40)]


def test_classify_says_that_a_picture_is_turned(
    tmp_path: Path, astronaut: np.ndarray, capsys: Capture
) -> None:
    (tmp_path / "a.png").write_bytes(encoded(np.rot90(astronaut), "PNG"))
    assert main(["classify", str(tmp_path)]) == 0
    assert "1 face, found by turning the picture by 90°" in capsys.readouterr().out
    assert main(["classify", str(tmp_path), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["turned"] == 90
    assert document["faces"][0]["emotion"] == "happy"
    assert document["faces"][0]["detected_by"] == "hog+blazeface"


def test_classify_explains_a_damaged_detector_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Capture
) -> None:
    monkeypatch.setattr("preprocessing.faces.blazeface.WEIGHTS", tmp_path)
    assert main(["classify", "a.jpg"]) == 1
    [sentence] = capsys.readouterr().err.splitlines()
    assert "blazeface-short.tflite" in sentence
    assert "Check the clone out again" in sentence


def test_classify_explains_missing_weights_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Capture
) -> None:
    monkeypatch.setattr("model.classifier.WEIGHTS", tmp_path)
    assert main(["classify", "a.jpg"]) == 1
    assert "resnet" in capsys.readouterr().err


@pytest.mark.slow
def test_classify_leaves_complete_rows_on_ctrl_c(tmp_path: Path, happy: bytes) -> None:
    album, table = many(tmp_path, happy), tmp_path / "faces.csv"
    process = start("--csv", table, album, stderr=subprocess.PIPE)
    # Each picture's rows are written when it is read: at first there are few.
    wait_until(lambda: table.exists() and table.read_bytes().count(b"\n") > 3)
    assert table.read_bytes().count(b"\n") < 20
    process.send_signal(signal.SIGINT)
    _, complaint = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Stopped." in complaint
    assert "Traceback" not in complaint
    rows = rows_of(table)
    assert 3 <= len(rows) < 900
    assert {row["uncertain"] for row in rows} <= {"true", "false"}
    assert table.read_bytes().endswith(b"\r\n")


def test_a_reader_that_goes_away_is_no_traceback(tmp_path: Path, empty_room: bytes) -> None:
    album = many(tmp_path, empty_room)
    process = start("--json", album, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    assert json.loads(process.stdout.readline())["faces"] == []
    process.stdout.close()
    assert "Traceback" not in process.stderr.read()
    assert process.wait(30) == 1


@pytest.mark.slow
@pytest.mark.parametrize("output", [[], ["--json"], ["--csv"]])
def test_a_full_disk_is_one_sentence(tmp_path: Path, empty_room: bytes, output: list[str]) -> None:
    album, table = many(tmp_path, empty_room), tmp_path / "faces.csv"
    if output == ["--csv"]:
        output = ["--csv", str(table)]
    with Path("/dev/full").open("w") as full:
        process = start(
            *output,
            album,
            stdout=full,
            stderr=subprocess.PIPE,
            # The table's first line, which is written before anything is read, fits.
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (400, 400)),
        )
        _, complaint = process.communicate(timeout=60)
    assert process.returncode == (3 if output[:1] == ["--csv"] else 1)
    [sentence] = [line for line in complaint.splitlines() if not line.startswith("INFO: ")]
    if output[:1] == ["--csv"]:
        assert sentence.startswith(
            f"{table}: File too large. Everything written so far is complete."
        )
        assert table.read_bytes().endswith(b"\r\n")
    else:
        assert sentence == "The output: No space left on device."


@pytest.mark.slow
def test_classify_shows_a_progress_bar_only_on_a_terminal(ten_good_two_bad: Path) -> None:
    controller, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 100))
    process = start("--json", ten_good_two_bad, stdout=subprocess.PIPE, stderr=terminal)
    os.close(terminal)
    shown = b""
    try:
        while block := os.read(controller, 65536):
            shown += block
    except OSError:  # Linux's error when the other end is closed
        pass
    output, _ = process.communicate(timeout=30)
    os.close(controller)
    assert b"/12 [" in shown
    assert b"bad.jpg: " in shown
    assert len([json.loads(line) for line in output.splitlines()]) == 10

    process = start("--json", ten_good_two_bad, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert "/12" not in process.communicate(timeout=60)[1]


@pytest.mark.slow
def test_classify_takes_a_name_that_is_not_utf8(tmp_path: Path, empty_room: bytes) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.jpg")).write_bytes(empty_room)
    table = tmp_path / "t.csv"
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "PYTHONUTF8": "1"}
    for output in ([], ["--json"], ["--csv", table]):
        process = start(
            *output, tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
        )
        _, complaint = process.communicate(timeout=60)
        assert (process.returncode, "Traceback" in complaint) == (0, False)
    [row] = rows_of(table)
    assert row["path"] == rf"{tmp_path}/caf\xe9.jpg"


def test_classify_escapes_names_that_would_control_the_terminal(
    tmp_path: Path, empty_room: bytes, capsys: Capture
) -> None:
    (tmp_path / "a\x1b[2J\n.jpg").write_bytes(empty_room)
    (tmp_path / "b\x1b[2J\n.jpg").write_text("This is text.")
    assert main(["classify", str(tmp_path)]) == 1
    printed = capsys.readouterr()
    assert r"a\x1b[2J\x0a.jpg (400 x 300)" in printed.out
    assert r"b\x1b[2J\x0a.jpg: " in printed.err
