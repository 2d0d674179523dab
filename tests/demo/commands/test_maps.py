"""Attention maps as pictures and, with `--explain`, as files."""

import csv
import io
import json
import os
import resource
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from demo.commands.main import main
from demo.commands.maps import AttentionFolder, Unwritable, attention_picture
from demo.web.service import Service
from model import FaceExpression
from tests.demo.commands.test_classify import start
from tests.demo.conftest import wait_until

Capture = pytest.CaptureFixture[str]


def files_in(folder: Path) -> list[str]:
    """Every file below a folder, hidden ones included."""
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if not file.is_dir())


def documents(capsys: Capture) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture(scope="module")
def face(service: Service, happy: bytes) -> FaceExpression:
    return service.read(happy, explain=True).faces[0]


@pytest.fixture
def album(
    tmp_path: Path,
    happy: bytes,
    two_people: bytes,
    empty_room: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A folder `party` of four pictures in the working directory."""
    folder = tmp_path / "party"
    (folder / "late").mkdir(parents=True)
    for name, content in (
        ("a.jpg", happy),
        ("b.jpg", two_people),
        ("c.jpg", empty_room),
        ("late/a.jpg", happy),
    ):
        (folder / name).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    return folder


def test_attention_picture_colours_what_speaks_for_the_answer() -> None:
    crop = np.full((48, 48), 100, np.uint8)
    attention = np.zeros((48, 48), np.float32)
    attention[8:16, 32:40] = 1
    picture = attention_picture(crop, attention)
    assert picture.shape == (192, 192, 3)
    assert picture.dtype == np.uint8
    np.testing.assert_array_equal(picture[100:], 100)
    bright = picture[48, 144].astype(int)
    assert bright[0] - 100 > 50  # yellow
    assert bright[0] > bright[2]


def test_attention_to_a_smile_is_on_the_face(face: FaceExpression) -> None:
    assert face.attention is not None
    grey = np.repeat(np.asarray(Image.fromarray(face.crop).resize((192, 192)))[..., None], 3, 2)
    changed = np.abs(attention_picture(face.crop, face.attention).astype(int) - grey).sum(axis=2)
    assert changed[96:].sum() > changed[:96].sum()  # the mouth is in the lower half


@pytest.mark.parametrize(
    ("paths", "picture", "file"),
    [
        ("party", "party/IMG_1.jpg", "IMG_1.jpg-face1-happy.png"),
        ("party", "party/late/IMG_1.jpg", "late/IMG_1.jpg-face1-happy.png"),
        ("party/", "party/IMG_1", "IMG_1-face1-happy.png"),
        (".", "party/IMG_1.jpg", "party/IMG_1.jpg-face1-happy.png"),
        ("party/IMG_1.jpg", "party/IMG_1.jpg", "IMG_1.jpg-face1-happy.png"),
        ("party holiday.heic", "party/IMG_1.jpg", "party/IMG_1.jpg-face1-happy.png"),
        ("party holiday.heic", "holiday.heic", "holiday.heic-face1-happy.png"),
        ("party party/late", "party/late/IMG_1.jpg", "late/IMG_1.jpg-face1-happy.png"),
        ("party/../party", "party/../party/IMG_1.jpg", "IMG_1.jpg-face1-happy.png"),
        ("link/../x.jpg x.jpg", "link/../x.jpg", "far/x.jpg-face1-happy.png"),
        ("link/../x.jpg x.jpg", "x.jpg", "x.jpg-face1-happy.png"),
        ("link", "link/x.jpg", "x.jpg-face1-happy.png"),
        ("party", "party/caf\udce9\n.jpg", "caf\udce9\n.jpg-face1-happy.png"),
    ],
)
def test_maps_mirror_the_folder_tree(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    face: FaceExpression,
    paths: str,
    picture: str,
    file: str,
) -> None:
    for folder in ("party/late", "far/away"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "link").symlink_to("far/away")
    monkeypatch.chdir(tmp_path)
    maps = AttentionFolder(Path("why"), [Path(path) for path in paths.split()])
    maps.prepare([Path(picture)])
    assert maps.save(Path(picture), 1, face) == Path("why") / file
    assert files_in(tmp_path / "why") == [file]
    mask = os.umask(0)
    os.umask(mask)
    assert (tmp_path / "why" / file).stat().st_mode & 0o777 == 0o666 & ~mask


def test_maps_need_faces_read_with_explain(tmp_path: Path, face: FaceExpression) -> None:
    maps = AttentionFolder(tmp_path / "why", [tmp_path])
    with pytest.raises(ValueError, match="without explain"):
        maps.save(tmp_path / "a.jpg", 1, replace(face, attention=None))


def test_maps_explain_paths_on_several_drives_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def drives(_: object) -> str:
        raise ValueError("Paths don't have the same drive")

    monkeypatch.setattr("os.path.commonpath", drives)
    with pytest.raises(Unwritable, match="several drives"):
        AttentionFolder(Path("why"), [Path("a.jpg")])


def test_classify_maps_writes_a_map_for_each_face_beside_the_table(
    album: Path, service: Service, capsys: Capture
) -> None:
    assert main(["classify", "party"]) == 0
    plain = capsys.readouterr().out
    assert main(["classify", "party", "--explain", "deep/why"]) == 0
    assert capsys.readouterr().out == plain

    answer = service.read(album / "b.jpg", explain=True)
    second = f"b.jpg-face2-{answer.faces[1].emotion}.png"
    assert files_in(Path("deep/why")) == [
        "a.jpg-face1-happy.png",
        "b.jpg-face1-happy.png",
        second,
        "late/a.jpg-face1-happy.png",
    ]
    face = answer.faces[1]
    assert face.attention is not None
    shown = Image.open(Path("deep/why") / second)
    assert shown.format == "PNG"
    np.testing.assert_array_equal(np.asarray(shown), attention_picture(face.crop, face.attention))


def test_classify_maps_json_says_where_each_map_lies(album: Path, capsys: Capture) -> None:
    assert main(["classify", "party", "--json"]) == 0
    plain = documents(capsys)
    assert main(["classify", "party", "--json", "--explain", "why"]) == 0
    explained = documents(capsys)
    files = [face.pop("attention_file") for each in explained for face in each["faces"]]
    assert explained == plain
    assert sorted(files) == [f"why/{file}" for file in files_in(Path("why"))]
    assert len(files) == 4
    assert Path(files[0]).is_file()
    assert album.is_dir()


@pytest.mark.slow
def test_classify_maps_leaves_the_csv_table_unchanged(album: Path) -> None:
    assert main(["classify", str(album), "--csv", "plain.csv"]) == 0
    assert main(["classify", str(album), "--csv", "explained.csv", "--explain", "why"]) == 0
    assert Path("explained.csv").read_bytes() == Path("plain.csv").read_bytes()
    with Path("explained.csv").open(encoding="utf-8-sig", newline="") as table:
        rows = list(csv.DictReader(table))
    # A program can find a row's map from the row alone.
    named = {
        f"{Path(row['path']).relative_to(album)}-face{row['face']}-{row['emotion']}.png"
        for row in rows
        if row["emotion"]
    }
    assert named == set(files_in(Path("why")))


@pytest.mark.usefixtures("album")
def test_classify_maps_keeps_pictures_of_the_same_name_apart(happy: bytes) -> None:
    names = ["1/x/a.jpg", "2/x/a.jpg", "2/x/a.png", "2/x/a"]
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(happy)
    assert main(["classify", "1/x", "2/x", "2/x/a", "--explain", "why"]) == 0
    assert files_in(Path("why")) == sorted(f"{name}-face1-happy.png" for name in names)


def test_classify_reads_no_maps_as_pictures(album: Path, capsys: Capture) -> None:
    command = ["classify", "--json", "party", "--explain", "party/late/why"]
    assert main(command) == 0
    first, found = documents(capsys), files_in(album)
    assert len(found) == 8
    assert main(command) == 0
    assert documents(capsys) == first
    assert files_in(album) == found
    # Also if the folder is given under another name.
    Path("link").symlink_to("party/late/why")
    assert main([*command[:-1], "link"]) == 0
    output = capsys.readouterr()
    assert len(output.out.splitlines()) == len(first)
    assert (
        output.err.count("link: This folder is for attention maps, so the maps in it are not") == 1
    )


@pytest.mark.parametrize(
    ("paths", "folder"),
    [
        (["party"], "party"),
        (["party/a.jpg"], "party"),
        (["party"], "party/late"),
        (["party/late/a.jpg", "party/a.jpg"], "party"),
        (["party"], "link"),
        (["party", "party/late"], "party/../party"),
    ],
)
def test_classify_maps_writes_no_map_among_the_pictures(
    album: Path, paths: list[str], folder: str, capsys: Capture
) -> None:
    Path("link").symlink_to("party")
    before = files_in(album)
    assert main(["classify", *paths, "--csv", "faces.csv", "--explain", folder]) == 2
    assert files_in(album) == before
    assert not Path("faces.csv").exists()
    [sentence] = capsys.readouterr().err.splitlines()
    assert sentence.startswith(f"{folder}: The maps for ")


@pytest.mark.parametrize("paths", [["party/a.jpg"], ["party/a.jpg", "party/b.jpg"]])
@pytest.mark.usefixtures("album")
def test_classify_maps_may_use_the_folder_above_the_pictures(paths: list[str]) -> None:
    assert main(["classify", *paths, "--explain", "."]) == 0
    assert "a.jpg-face1-happy.png" in files_in(Path())


@pytest.mark.parametrize("folder", ["notes.txt", "notes.txt/why", "dangling", "/proc", "/proc/why"])
@pytest.mark.parametrize("output", [[], ["--json"], ["--csv", "faces.csv"]])
@pytest.mark.usefixtures("album")
def test_classify_maps_exits_with_2_at_once_if_the_folder_is_not_writable(
    folder: str, output: list[str], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*_: object) -> None:
        raise AssertionError("A picture was read.")

    monkeypatch.setattr("demo.commands.classify.read_picture", read)
    Path("notes.txt").write_text("notes")
    Path("dangling").symlink_to("nowhere/at all")
    Path("faces.csv").write_text("of an earlier run")
    assert main(["classify", "party", *output, "--explain", folder]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    [sentence] = captured.err.splitlines()
    assert sentence.startswith(f"{folder}: cannot be written (")
    assert Path("notes.txt").read_text() == "notes"
    assert Path("faces.csv").read_text() == "of an earlier run"


def test_classify_maps_names_a_map_that_cannot_be_written(
    album: Path, happy: bytes, capsys: Capture
) -> None:
    long = "x" * 250 + ".jpg"
    (album / long).write_bytes(happy)
    Path("why/a.jpg-face1-happy.png").mkdir(parents=True)
    assert main(["classify", "party", "--json", "--explain", "why"]) == 1
    captured = capsys.readouterr()
    first, second = captured.err.splitlines()
    assert first == "why/a.jpg-face1-happy.png: cannot be written (Is a directory)."
    assert second == f"why/{long}-face1-happy.png: cannot be written (File name too long)."
    answers = {
        each["path"]: [face["attention_file"] for face in each["faces"]]
        for each in map(json.loads, captured.out.splitlines())
    }
    assert answers["party/a.jpg"] == answers[f"party/{long}"] == [None]
    assert answers["party/late/a.jpg"] == ["why/late/a.jpg-face1-happy.png"]
    assert len(files_in(Path("why"))) == 3


@pytest.mark.slow
@pytest.mark.parametrize("output", ["--json", "--csv"])
def test_classify_maps_loses_only_maps_on_a_full_disk(album: Path, output: str) -> None:
    why = album.parent / "why"
    process = start(
        *(["--json"] if output == "--json" else ["--csv", album.parent / "faces.csv"]),
        album,
        "--explain",
        why,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000)),
    )
    out, complaint = process.communicate(timeout=60)
    # The plots of the table do not fit either.
    assert process.returncode == (1 if output == "--json" else 3)
    assert complaint.count(": cannot be written (File too large).") == 4
    assert "Traceback" not in complaint
    assert files_in(why) == []
    if output == "--json":
        faces = [face for line in out.splitlines() for face in json.loads(line)["faces"]]
        assert [face["attention_file"] for face in faces] == [None] * 4
    else:
        assert len((album.parent / "faces.csv").read_text().splitlines()) == 6


def test_classify_maps_follows_no_link_out_of_the_folder(
    album: Path, tmp_path: Path, capsys: Capture
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    why = tmp_path / "why"
    why.mkdir()
    (why / "late").symlink_to(elsewhere)
    assert main(["classify", str(album), "--explain", str(why)]) == 1
    [sentence] = capsys.readouterr().err.splitlines()
    assert sentence.endswith(f"is not written, because a link leads out of {why}.")
    assert files_in(elsewhere) == []


@pytest.mark.parametrize("kind", ["picture", "link to a map"])
def test_classify_maps_never_replaces_another_file(
    album: Path, happy: bytes, kind: str, capsys: Capture
) -> None:
    assert main(["classify", "party", "--explain", "why"]) == 0
    stranger = Path("why/late/a.jpg-face1-happy.png")
    if kind == "picture":
        stranger.write_bytes(happy)
    else:
        stranger.rename("why/kept.png")
        stranger.symlink_to("../kept.png")
    before = stranger.read_bytes()
    capsys.readouterr()
    assert main(["classify", "party", "--explain", "why", "--csv", "faces.csv"]) == 2
    [sentence] = capsys.readouterr().err.splitlines()
    assert sentence.startswith(f"{stranger}: is not written, because a file with this name exists")
    assert stranger.read_bytes() == before
    assert stranger.is_symlink() == (kind != "picture")
    assert not Path("faces.csv").exists()
    assert album.is_dir()


def test_classify_maps_never_replaces_a_file_that_appeared_meanwhile(
    tmp_path: Path, face: FaceExpression
) -> None:
    maps = AttentionFolder(tmp_path / "why", [tmp_path])
    maps.prepare([tmp_path / "a.jpg"])
    stranger = tmp_path / "why" / "a.jpg-face1-happy.png"
    stranger.write_text("precious")
    with pytest.raises(Unwritable, match="not a map of an earlier run"):
        maps.save(tmp_path / "a.jpg", 1, face)
    assert stranger.read_text() == "precious"


def test_classify_reads_a_picture_named_like_a_map(
    album: Path, happy: bytes, capsys: Capture
) -> None:
    assert main(["classify", "party", "--explain", "party/why"]) == 0
    (album / "why" / "old").mkdir()
    (album / "why" / "old" / "grandma-face1-happy.png").write_bytes(happy)
    capsys.readouterr()
    assert main(["classify", "party", "--json", "--explain", "party/why"]) == 0
    paths = [each["path"] for each in documents(capsys)]
    assert [path for path in paths if "why" in path] == ["party/why/old/grandma-face1-happy.png"]


def test_classify_maps_folder_may_be_a_link(album: Path, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "why").symlink_to("disk")
    assert main(["classify", str(album), "--explain", "why"]) == 0
    assert len(files_in(tmp_path / "disk")) == 4


@pytest.mark.slow
def test_classify_maps_takes_a_name_that_is_not_utf8(tmp_path: Path, happy: bytes) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.jpg")).write_bytes(happy)
    process = start(
        *("--json", tmp_path, "--explain", tmp_path / "why"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "LC_ALL": "C.UTF-8", "PYTHONUTF8": "1"},
    )
    out, complaint = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in complaint) == (0, False)
    [found] = json.loads(out)["faces"]
    file = os.fsencode(found["attention_file"])
    assert file == os.fsencode(tmp_path) + b"/why/caf\xe9.jpg-face1-happy.png"
    assert Path(os.fsdecode(file)).is_file()


def test_classify_maps_keeps_the_earlier_map_if_a_write_fails(
    tmp_path: Path, face: FaceExpression, monkeypatch: pytest.MonkeyPatch
) -> None:
    maps = AttentionFolder(tmp_path / "why", [tmp_path])
    maps.prepare([tmp_path / "a.jpg"])
    file = maps.save(tmp_path / "a.jpg", 1, face)
    before = file.read_bytes()

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", stopped)
    with pytest.raises(KeyboardInterrupt):
        maps.save(tmp_path / "a.jpg", 1, replace(face, attention=np.zeros((48, 48))))
    assert file.read_bytes() == before
    assert files_in(tmp_path / "why") == [file.name]


@pytest.mark.slow
def test_classify_maps_leaves_complete_maps_on_ctrl_c(tmp_path: Path, happy: bytes) -> None:
    (tmp_path / "picture").write_bytes(happy)
    album = tmp_path / "album"
    album.mkdir()
    for number in range(1000):
        (album / f"{number:04}.jpg").symlink_to("../picture")
    why = tmp_path / "why"
    process = start(
        *("--json", album, "--explain", why), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    wait_until(lambda: why.is_dir() and len(files_in(why)) > 3)
    process.send_signal(signal.SIGINT)
    _, complaint = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in complaint
    written = files_in(why)
    # One of the four files may have been half a map, which is deleted.
    assert 3 <= len(written) < 1000
    for name in written:
        picture = Image.open(io.BytesIO((why / name).read_bytes()))
        picture.load()
        assert (picture.format, picture.size) == ("PNG", (192, 192))
