"""Zip files are read without unpacking them, and unsafe members are refused one by one."""

import io
import struct
import warnings
import zipfile
from pathlib import Path

import pytest

from demo.archive.csv_table import read_csv
from demo.archive.sources import Notes, entries
from demo.commands.main import main
from preprocessing.images import InvalidImage
from tests.demo.archive.conftest import FAST

Pictures = tuple[bytes, bytes, bytes]


def packed(file: Path, members: dict[str, bytes]) -> Path:
    with warnings.catch_warnings(), zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file


def reasons(archive: Path) -> dict[str, str]:
    """Returns the reasons why members are refused, by the members' names."""
    found = {}
    for entry in entries([archive]):
        try:
            entry.content.read()
        except InvalidImage as error:
            found[entry.path.removeprefix(f"{archive}/")] = str(error)
    return found


def test_classify_csv_reads_a_zip_file_without_unpacking(
    tmp_path: Path, small_pictures: Pictures
) -> None:
    face, pair, room = small_pictures
    members = {"b/1.jpg": face, "a.jpg": pair, "b/0.png": room, "b/bad.jpg": b"text", "n.txt": b""}
    hidden = {"__MACOSX/b/._1.jpg": b"x", ".DS_Store": b"x", "b/.x.jpg": b"x"}
    archive = packed(tmp_path / "album.zip", members | hidden)
    assert main(["classify", str(archive), "--csv", str(tmp_path / "table.csv"), *FAST]) == 1
    rows = list(read_csv(tmp_path / "table.csv"))
    found = [(str(row[0]).removeprefix(f"{archive}/"), row[1]) for row in rows]
    pictures = [("a.jpg", 1), ("a.jpg", 2), ("b/0.png", 0), ("b/1.jpg", 1), ("b/bad.jpg", None)]
    assert found == pictures
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "album.zip",
        "table-report",
        "table.csv",
    ]


def test_classify_prints_the_pictures_of_a_zip_file(
    tmp_path: Path, small_pictures: Pictures, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = packed(tmp_path / "album.zip", {"in/1.jpg": small_pictures[0]})
    assert main(["classify", str(tmp_path / "*.zip"), *FAST]) == 0
    assert capsys.readouterr().out.startswith(f"{archive}/in/1.jpg (200 x 200): 1 face\n")


def test_members_that_attack_are_refused_and_the_others_are_read(
    tmp_path: Path, small_pictures: Pictures
) -> None:
    archive = packed(
        tmp_path / "bad.zip",
        {
            "../../etc/x.jpg": b"x",
            "/abs.jpg": b"x",
            "C:\\x.jpg": b"x",
            "bomb.png": bytes(19_000_000),
            "large.png": bytes(20_000_001),
            "more.zip": packed(tmp_path / "inner.zip", {"a.jpg": b"x"}).read_bytes(),
            "good.jpg": small_pictures[0],
        },
    )
    found = reasons(archive)
    assert "good.jpg" not in found
    assert {name: reason.split(".")[0] for name, reason in found.items()} == {
        "../../etc/x.jpg": "The name leads out of the archive, as in an attack",
        "/abs.jpg": "The name leads out of the archive, as in an attack",
        "C:\\x.jpg": "The name leads out of the archive, as in an attack",
        "bomb.png": "The picture would unpack to over 200 times its packed size, as in an attack",
        "large.png": "The picture has more than 20 MB",
        "more.zip": "An archive inside an archive is not read",
    }


def test_members_that_are_encrypted_damaged_or_packed_in_other_ways_are_refused(
    tmp_path: Path, small_pictures: Pictures
) -> None:
    names = ("encrypted.jpg", "other.jpg", "damaged.jpg", "good.jpg")
    archive = packed(tmp_path / "odd.zip", dict.fromkeys(names, small_pictures[0]))
    data = bytearray(archive.read_bytes())
    with zipfile.ZipFile(archive) as file:
        start = file.getinfo("damaged.jpg").header_offset
    data[start + 200] ^= 0xFF
    for name, offset, value in (("encrypted.jpg", 8, 1), ("other.jpg", 10, 97)):
        head = data.rfind(name.encode()) - 46
        assert data[head : head + 4] == b"PK\x01\x02"
        struct.pack_into("<H", data, head + offset, value)
    archive.write_bytes(data)
    found = reasons(archive)
    assert "encrypted" in found["encrypted.jpg"]
    assert "packed in a way that cannot be read" in found["other.jpg"]
    assert "damaged in its archive" in found["damaged.jpg"]
    assert "good.jpg" not in found


def test_members_that_lie_about_their_size_are_not_unpacked_further(tmp_path: Path) -> None:
    archive = packed(tmp_path / "liar.zip", {"bomb.png": bytes(50_000_000)})
    data = bytearray(archive.read_bytes())
    head = data.rfind(b"bomb.png") - 46
    struct.pack_into("<I", data, head + 24, 1000)
    archive.write_bytes(data)
    [entry] = entries([archive])
    with pytest.raises(InvalidImage, match="damaged"):
        entry.content.read()


@pytest.mark.parametrize("content", [b"", b"This is text.", b"PK\x03\x04" + b"\0" * 90])
def test_entries_of_a_damaged_zip_file_are_one_refused_entry(
    tmp_path: Path, content: bytes
) -> None:
    archive = tmp_path / "damaged.zip"
    archive.write_bytes(content)
    [entry] = entries([archive])
    assert (entry.path, entry.size) == (str(archive), len(content))
    with pytest.raises(InvalidImage, match="damaged or was cut off"):
        entry.content.read()


def test_entries_name_a_zip_file_without_pictures(tmp_path: Path) -> None:
    archive = packed(tmp_path / "texts.zip", {"n.txt": b"x"})
    said: list[str] = []
    assert list(entries([archive], Notes(said.append))) == []
    assert said[-1] == f"{archive}: There is no picture in this zip file."


def test_members_with_the_same_name_give_only_the_last(tmp_path: Path) -> None:
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("a.jpg", b"first")
            archive.writestr("a.jpg", b"second")
    (tmp_path / "twice.zip").write_bytes(file.getvalue())
    [entry] = entries([tmp_path / "twice.zip"])
    assert entry.content.read() == b"second"
