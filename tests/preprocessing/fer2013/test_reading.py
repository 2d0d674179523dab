import gzip
from pathlib import Path

import cv2
import numpy as np
import pytest

from model.labels import EMOTIONS
from preprocessing.fer2013 import InvalidDataset, load
from tests.preprocessing.fer2013.conftest import HEADER, PIXELS, write


def test_load_reads_a_csv_plain_and_compressed(data_file: Path) -> None:
    compressed = data_file.with_suffix(".csv.gz")
    compressed.write_bytes(gzip.compress(data_file.read_bytes()))
    for path in (data_file, compressed):
        dataset = load(path)
        assert dataset.images.shape == (3, 48, 48)
        assert dataset.images.dtype == np.uint8
        assert (dataset.images == 7).all()
        assert dataset.labels.tolist() == [0, 1, 2]
        assert dataset.votes is None
        assert len(dataset.split("PublicTest")) == 1
    with pytest.raises(ValueError, match="'Test'"):
        dataset.split("Test")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (f"7,{PIXELS},Training", "line 3: emotion is 0 to 6, not 7"),
        (f"x,{PIXELS},Training", "line 3: invalid literal"),
        (f"1,{PIXELS} 1,Training", "line 3: pixels are 2304 values.*Received: 2305"),
        (f"1,{PIXELS[:-1]}256,Training", "line 3: pixels are 2304 values of 0 to 255"),
        (f"1,{PIXELS[:-1]}-1,Training", "line 3: pixels are 2304 values of 0 to 255"),
        ("1,,Training", "line 3: pixels are 2304 values.*Received: 0"),
        (f"1,{PIXELS[:-1]}y,Training", "line 3: invalid literal"),
        (f"1,{PIXELS},Somewhere", "line 3: Usage is one of.*'Somewhere'"),
        (f"1,{PIXELS}", "line 3: not enough values"),
    ],
)
def test_load_names_the_line_of_a_malformed_row(tmp_path: Path, row: str, message: str) -> None:
    path = write(tmp_path / "fer2013.csv", HEADER, f"0,{PIXELS},Training", row)
    with pytest.raises(InvalidDataset, match=rf"fer2013\.csv, {message}"):
        load(path)


def test_load_refuses_what_is_no_dataset(tmp_path: Path) -> None:
    with pytest.raises(InvalidDataset, match="no such file"):
        load(tmp_path / "none.csv")
    with pytest.raises(InvalidDataset, match="line 1: the header"):
        load(write(tmp_path / "other.csv", "a,b"))
    with pytest.raises(InvalidDataset, match="no row"):
        load(write(tmp_path / "empty.csv", HEADER))
    broken = tmp_path / "broken.csv.gz"
    broken.write_bytes(gzip.compress(f"{HEADER}\n".encode() * 1000)[:-20])
    with pytest.raises(InvalidDataset, match=r"broken\.csv\.gz.*"):
        load(broken)


def test_load_reads_kaggles_folders(tmp_path: Path) -> None:
    for index, (folder, name) in enumerate(
        [
            ("train/happy", "Training_1.jpg"),
            ("test/sad", "PublicTest_2.jpg"),
            ("test/fear", "PrivateTest_3.jpg"),
            ("train/angry", "im0.png"),
        ]
    ):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(tmp_path / folder / name), np.full((48, 48), 50 * index, np.uint8))
    dataset = load(tmp_path)
    found = {
        (EMOTIONS[label], str(usage))
        for label, usage in zip(dataset.labels, dataset.usage, strict=True)
    }
    assert found == {
        ("happy", "Training"),
        ("sad", "PublicTest"),
        ("fear", "PrivateTest"),
        ("angry", "Training"),
    }
    with pytest.raises(InvalidDataset, match="not a folder"):
        load(tmp_path, tmp_path / "fer2013new.csv")
    cv2.imwrite(str(tmp_path / "train/happy/large.jpg"), np.zeros((50, 50), np.uint8))
    with pytest.raises(InvalidDataset, match=r"large\.jpg: is not a picture of 48x48"):
        load(tmp_path)


def test_load_refuses_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(InvalidDataset, match="no picture in folders"):
        load(tmp_path)
