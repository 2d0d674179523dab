import gzip
from pathlib import Path

import cv2
import numpy as np
import pytest

from model.labels import EMOTIONS
from preprocessing import fer2013
from preprocessing.alignment import TEMPLATE
from preprocessing.faces import HogDetector
from preprocessing.fer2013 import InvalidDataset, load, vote_distribution, vote_majority

PIXELS = " ".join(["7"] * 2304)
HEADER = "emotion,pixels,Usage"
VOTES_HEADER = "Usage,Image name," + ",".join(fer2013.VOTE_COLUMNS)


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def data_file(tmp_path: Path) -> Path:
    rows = [f"{index},{PIXELS},{usage}" for index, usage in enumerate(fer2013.SPLITS)]
    return write(tmp_path / "fer2013.csv", HEADER, *rows)


def test_classes_are_the_emotions_in_order() -> None:
    assert fer2013.CLASSES == EMOTIONS


def test_a_csv_is_read_plain_and_compressed(data_file: Path) -> None:
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
def test_a_malformed_row_names_its_line(tmp_path: Path, row: str, message: str) -> None:
    path = write(tmp_path / "fer2013.csv", HEADER, f"0,{PIXELS},Training", row)
    with pytest.raises(InvalidDataset, match=rf"fer2013\.csv, {message}"):
        load(path)


def test_what_is_no_dataset_is_refused(tmp_path: Path) -> None:
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


def test_kaggles_folders_are_read(tmp_path: Path) -> None:
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


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidDataset, match="no picture in folders"):
        load(tmp_path)


def votes_file(folder: Path, *rows: str) -> Path:
    return write(folder / "fer2013new.csv", VOTES_HEADER, *rows)


def test_votes_are_read_beside_their_rows(data_file: Path, tmp_path: Path) -> None:
    rows = [f"{usage},x.png,1,2,3,0,0,0,0,0,4,0" for usage in fer2013.SPLITS]
    dataset = load(data_file, votes_file(tmp_path, *rows))
    assert dataset.votes is not None
    assert dataset.votes.tolist() == [[1, 2, 3, 0, 0, 0, 0, 0, 4, 0]] * 3
    assert dataset.split("PrivateTest").votes is not None


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["Training,x,1,2,3,0,0,0,0,0,4,0"], "has 1 rows for the data's 3"),
        (["PublicTest,x,1,2,3,0,0,0,0,0,4,0"], "line 2: is of 'PublicTest'.*another file"),
        (["Training,x,1,2,z,0,0,0,0,0,4,0"], "line 2: invalid literal"),
        (["Training,x,1,2"], "line 2: has not ten votes"),
        ([""], "line 2: is empty"),
    ],
)
def test_votes_for_other_rows_are_refused(
    data_file: Path, tmp_path: Path, rows: list[str], message: str
) -> None:
    with pytest.raises(InvalidDataset, match=message):
        load(data_file, votes_file(tmp_path, *rows))


def test_votes_without_their_file_or_header_are_refused(data_file: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidDataset, match="no such file"):
        load(data_file, tmp_path / "none.csv")
    with pytest.raises(InvalidDataset, match="header of FER"):
        load(data_file, write(tmp_path / "fer2013new.csv", "a,b,c"))


def test_votes_become_a_distribution_and_a_winner() -> None:
    #        neutral happy surprise sad anger disgust fear contempt unknown NF
    votes = np.array(
        [
            [0, 8, 0, 0, 2, 0, 0, 0, 0, 0],  # happy
            [5, 5, 0, 0, 0, 0, 0, 0, 0, 0],  # a tie
            [0, 0, 0, 0, 0, 0, 0, 9, 1, 0],  # contempt
            [3, 0, 0, 0, 0, 0, 0, 0, 7, 0],  # too few of the seven
            [0, 0, 0, 0, 0, 4, 3, 0, 3, 0],  # disgust
        ]
    )
    assert vote_majority(votes).tolist() == [3, -1, -1, -1, 1]
    distribution, valid = vote_distribution(votes)
    np.testing.assert_allclose(distribution.sum(1), 1, rtol=1e-6)
    assert valid.tolist() == [True, True, False, False, True]
    assert distribution[0, 3] == pytest.approx(0.8)
    assert distribution[0, 0] == pytest.approx(0.2)
    np.testing.assert_allclose(distribution[2], 1 / 7)


def test_images_of_another_part_are_found() -> None:
    images = np.arange(4 * 48 * 48, dtype=np.uint8).reshape(4, 48, 48) + np.arange(
        4, dtype=np.uint8
    ).reshape(4, 1, 1)
    assert fer2013.occurs_in(images, images[[2]]).tolist() == [False, False, True, False]


def small_face(astronaut: np.ndarray, angle: float) -> np.ndarray:
    """The astronaut's face as FER-2013 would hold it: 48x48, grey, tightly cut."""
    matrix = cv2.getRotationMatrix2D((224, 120), angle, 48 / 130)
    matrix[:, 2] += np.array([24, 24]) - (224, 120)
    grey = cv2.cvtColor(astronaut, cv2.COLOR_RGB2GRAY)
    return cv2.warpAffine(grey, matrix, (48, 48), flags=cv2.INTER_AREA)


def test_small_faces_are_aligned_to_the_template(astronaut: np.ndarray) -> None:
    detector = HogDetector(min_face=80, threshold=-0.3)
    for angle in (-10.0, 0.0, 10.0):
        crop, found = fer2013.align_image(small_face(astronaut, angle), detector)
        assert found
        again, found = fer2013.align_image(crop, detector)
        assert found
        # Aligned once, a second time hardly moves it.
        assert np.abs(again.astype(int) - crop).mean() < 12
    assert TEMPLATE.shape == (5, 2)


def test_an_image_without_a_face_stays_and_results_are_kept(
    astronaut: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = np.full((48, 48), 90, np.uint8)
    images = np.stack([small_face(astronaut, 5.0), empty])
    crops, found = fer2013.aligned(images, tmp_path)
    assert found.tolist() == [True, False]
    np.testing.assert_array_equal(crops[1], empty)
    assert not np.array_equal(crops[0], images[0])

    # What is kept is not made again; other images are.
    monkeypatch.setattr(fer2013, "align_images", None)
    kept, _ = fer2013.aligned(images, tmp_path)
    np.testing.assert_array_equal(kept, crops)
    with pytest.raises(TypeError):
        fer2013.aligned(images[:1], tmp_path)


def test_another_alignment_does_not_find_the_crops_of_this_one(
    astronaut: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = small_face(astronaut, 5.0)[None]
    before, _ = fer2013.aligned(images, tmp_path)

    def unaligned(image: np.ndarray, _: HogDetector) -> tuple[np.ndarray, bool]:
        return image, True

    monkeypatch.setattr(fer2013, "align_image", unaligned)
    after, _ = fer2013.aligned(images, tmp_path)
    np.testing.assert_array_equal(after, images)
    assert not np.array_equal(before, after)


@pytest.mark.slow
@pytest.mark.dataset
def test_fer2013_is_the_one_the_figures_are_of(dataset: fer2013.Fer2013) -> None:
    assert [len(dataset.split(name)) for name in fer2013.SPLITS] == [28709, 3589, 3589]
    public, private = dataset.split("PublicTest"), dataset.split("PrivateTest")
    assert public.votes is not None
    assert private.votes is not None
    assert (vote_majority(public.votes) >= 0).sum() == 3372
    assert (vote_majority(private.votes) >= 0).sum() == 3350
    known = dataset.split("Training").images
    assert fer2013.occurs_in(private.images, known).sum() == 288
    assert fer2013.occurs_in(public.images, known).sum() == 280
