"""The scans of JPEG files, counted as a decoder meets them."""

import io

import pytest
from PIL import Image
from skimage import data as samples

from preprocessing.jpeg import Scan, read_scans


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    return Image.fromarray(samples.astronaut()).resize((160, 120))


def saved(image: Image.Image, form: str = "JPEG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def test_read_scans_finds_one_scan_in_a_baseline_jpeg(photo: Image.Image) -> None:
    data = saved(photo, restart_marker_blocks=3)
    found = read_scans(data)
    assert found.scans == (Scan(True, 0, 63, False),)
    assert found.complete
    assert found.end == len(data)


def test_read_scans_finds_ten_scans_in_a_progressive_jpeg(photo: Image.Image) -> None:
    found = read_scans(saved(photo, progressive=True))
    assert len(found.scans) == 10
    assert found.scans[0] == Scan(True, 0, 0, False)
    assert found.scans[-1] == Scan(True, 1, 63, True)
    assert found.brightness_begun


def test_read_scans_ignores_bytes_after_the_end_marker(photo: Image.Image) -> None:
    data = saved(photo)
    for behind in (b"\xff\xda" * 1000, data, b"ftyp" * 100):
        found = read_scans(data + behind)
        assert len(found.scans) == 1
        assert found.end == len(data)
    two = saved(photo, "MPO", save_all=True, append_images=[photo])
    assert len(read_scans(two).scans) == 1


def test_read_scans_ignores_a_thumbnail(photo: Image.Image) -> None:
    thumbnail = saved(photo.resize((32, 24)))
    exif = b"Exif\0\0" + thumbnail
    assert len(read_scans(saved(photo, exif=exif)).scans) == 1


def test_read_scans_tells_where_a_file_is_cut(photo: Image.Image) -> None:
    data = saved(photo, progressive=True)
    inside = read_scans(data[:-10])
    assert not inside.complete
    assert inside.cut_in_scan
    assert not inside.cut_in_brightness, "it only adds precision"
    last = data.rfind(b"\xff\xda")
    header = read_scans(data[: last + 5])
    assert not header.cut_in_scan
    assert header.end == last
    first = data.find(b"\xff\xda")
    assert read_scans(data[: first + 60]).cut_in_brightness
    assert not read_scans(data[: first + 60]).brightness_begun
    assert read_scans(data[: first - 4]).scans == ()


def test_read_scans_finds_nothing_in_other_bytes() -> None:
    for data in (b"", b"\xff\xd8", b"\xff\xd8\xff", b"\xff\xd8\xff\xda", b"\xff\xd8\xff\xda\0\2x"):
        found = read_scans(data)
        assert not found.complete
        assert found.end <= len(data)
