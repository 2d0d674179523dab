from pathlib import Path

import numpy as np
import pytest

from preprocessing.fer2013 import (
    SPLITS,
    VOTE_COLUMNS,
    InvalidDataset,
    load,
    vote_distribution,
    vote_majority,
)
from tests.preprocessing.fer2013.conftest import write

VOTES_HEADER = "Usage,Image name," + ",".join(VOTE_COLUMNS)


def votes_file(folder: Path, *rows: str) -> Path:
    return write(folder / "fer2013new.csv", VOTES_HEADER, *rows)


def test_load_reads_votes_beside_their_rows(data_file: Path, tmp_path: Path) -> None:
    rows = [f"{usage},x.png,1,2,3,0,0,0,0,0,4,0" for usage in SPLITS]
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
def test_load_refuses_votes_for_other_rows(
    data_file: Path, tmp_path: Path, rows: list[str], message: str
) -> None:
    with pytest.raises(InvalidDataset, match=message):
        load(data_file, votes_file(tmp_path, *rows))


def test_load_refuses_votes_without_their_file_or_header(data_file: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidDataset, match="no such file"):
        load(data_file, tmp_path / "none.csv")
    with pytest.raises(InvalidDataset, match="header of FER"):
        load(data_file, write(tmp_path / "fer2013new.csv", "a,b,c"))


def test_vote_distribution_and_majority_of_known_votes() -> None:
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
