"""Lists of pictures from folders, patterns and odd names."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from demo.archive.columns import COLUMNS
from demo.archive.csv_table import read_csv
from demo.archive.rows import Maker, failure
from demo.archive.sources import Notes, entries, entry_of, fixed_part
from demo.commands.main import main
from preprocessing.images import InvalidImage
from tests.demo.archive.conftest import FAST


def paths(inputs: Sequence[Path], notes: Notes | None = None) -> list[str]:
    return [entry.path for entry in entries(inputs, notes)]


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folders of empty files; the current folder is their parent."""
    names = ("a/x.jpg", "a.jpg", "a/.hidden.jpg", ".thumbs/1.jpg", "a/b/y.PNG", "b/z.webp", "n.txt")
    for name in names:
        file = tmp_path / "tree" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    monkeypatch.chdir(tmp_path)
    return Path("tree")


def test_entries_of_a_folder_come_in_the_order_of_paths(tree: Path) -> None:
    notes = Notes()
    found = ["a/b/y.PNG", "a/x.jpg", "a.jpg", "b/z.webp"]
    assert paths([tree], notes) == [f"tree/{name}" for name in found]
    assert found == [str(path) for path in sorted(map(Path, found))]
    assert notes.failed == 0
    os.chdir(tree)
    assert paths([Path()]) == found


def test_entries_are_listed_once_if_named_several_times(tree: Path) -> None:
    everything = paths([tree])
    assert paths([tree, tree, tree / "a", tree / "a/x.jpg", tree.absolute()]) == everything
    assert paths([tree / "a/x.jpg", Path("tree/a/x.jpg")]) == ["tree/a/x.jpg"]
    # Inputs that the folder itself would skip.
    named = [tree, tree / "n.txt", tree / "a/.hidden.jpg", tree / ".thumbs"]
    assert paths(named) == [*everything, *map(str, named[1:3]), "tree/.thumbs/1.jpg"]


def test_entries_follow_links_to_folders_once_and_not_in_circles(tree: Path) -> None:
    everything = paths([tree])
    (tree / "a" / "up").symlink_to(tree.absolute())
    (tree / "b" / "over").symlink_to(tree.absolute().parent)
    (tree / "circle.jpg").symlink_to("circle.jpg")
    assert paths([tree]) == sorted(
        [*everything, "tree/circle.jpg"], key=lambda path: path.split("/")
    )
    outside = Path("outside")
    (outside / "deep").mkdir(parents=True)
    (outside / "1.jpg").touch()
    (outside / "deep" / "2.jpg").touch()
    (outside / "deep" / "back").symlink_to(outside.absolute())
    (tree / "a" / "link").symlink_to(outside.absolute())
    (tree / "z").symlink_to(outside.absolute() / "deep")
    found = [path for path in paths([tree]) if path not in everything]
    assert found == ["tree/a/link/1.jpg", "tree/a/link/deep/2.jpg", "tree/circle.jpg"]


def test_entries_of_a_pattern_are_its_matches(tree: Path) -> None:
    assert paths([Path("tree/*/*.jpg")]) == ["tree/a/x.jpg"]
    assert paths([Path("tree/**/*.jpg")]) == ["tree/a/x.jpg", "tree/a.jpg"]
    assert paths([Path("tree/**")]) == paths([tree])
    assert paths([Path("*/[b-c]/*")]) == ["tree/b/z.webp"]
    said: list[str] = []
    notes = Notes(said.append)
    assert paths([Path("tree/*.gif"), Path("nowhere/*.jpg")], notes) == []
    assert notes.failed == 2
    assert said[0] == "tree/*.gif: There is no picture whose path matches this pattern."
    # A name that looks like a pattern.
    (tree / "[1].jpg").touch()
    assert paths([tree / "[1].jpg"]) == ["tree/[1].jpg"]
    assert fixed_part(Path("tree/a/*/x?.jpg")) == Path("tree/a")


def test_entries_are_not_held_in_memory(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: listed.append(path) or scandir(path))
    found = entries([tree])
    assert next(found).path == "tree/a/b/y.PNG"
    assert "tree/b" not in listed
    assert len(list(found)) == 3
    assert "tree/b" in listed


def test_entries_name_a_folder_that_cannot_be_read(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def closed(path: str) -> object:
        if path == "tree/a":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    said: list[str] = []
    notes = Notes(said.append)
    assert paths([tree], notes) == ["tree/a.jpg", "tree/b/z.webp"]
    assert said[0] == "tree/a: This folder cannot be read (Permission denied)."
    assert notes.failed == 1


def test_entries_that_vanish_or_are_not_files_become_rows_with_an_error(tmp_path: Path) -> None:
    gone, pipe = tmp_path / "gone.jpg", tmp_path / "pipe.jpg"
    gone.write_bytes(b"something")
    os.mkfifo(pipe)
    found = {entry.path: entry for entry in entries([tmp_path])}
    gone.unlink()
    reasons = {}
    for path, entry in found.items():
        with pytest.raises(InvalidImage) as error:
            entry.content.read()
        [row] = failure(entry, str(error.value)).rows
        reasons[Path(path).name] = row[list(COLUMNS).index("error")]
    assert reasons == {
        "gone.jpg": "There is no such file.",
        "pipe.jpg": "This is not an ordinary file.",
    }
    assert entry_of(gone).size is None


@pytest.mark.slow
def test_classify_csv_keeps_odd_names(
    tmp_path: Path, small_pictures: tuple[bytes, bytes, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [
        'a "quoted", one.jpg',
        "-dash.jpg",
        "=1+1.jpg",
        "line\nbreak.jpg",
        "no text \udce9.jpg",
    ]
    monkeypatch.chdir(tmp_path)
    for name in names:
        Path(name).write_bytes(small_pictures[2])
    assert main(["classify", ".", "--csv", "table.csv", *FAST]) == 0
    rows = list(read_csv(Path("table.csv")))
    assert [row[0] for row in rows] == [
        "-dash.jpg",
        "=1+1.jpg",
        'a "quoted", one.jpg',
        "line\nbreak.jpg",
        r"no text \xe9.jpg",
    ]
    assert "./=1+1.jpg" in Path("table.csv").read_text()
    # A resumed run recognizes all of them: it reads no picture, so it starts no process.
    before = Path("table.csv").read_bytes()
    monkeypatch.setattr(Maker, "__call__", lambda _: pytest.fail("a picture is read again"))
    assert main(["classify", ".", "--csv", "table.csv", "--resume", *FAST]) == 0
    assert Path("table.csv").read_bytes() == before
