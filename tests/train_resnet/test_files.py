from pathlib import Path

import pytest

from train_resnet.files import replace_with, write_json
from train_resnet.run.stopping import TrainingStopped


def test_replace_with_keeps_the_old_file_when_the_disk_is_full(tmp_path: Path) -> None:
    path = tmp_path / "best.keras"
    path.write_bytes(b"a whole network")

    def full(partial: Path) -> None:
        partial.write_bytes(b"half a network")
        raise OSError(28, "No space left on device")

    with pytest.raises(TrainingStopped, match=r"best\.keras cannot be written.*No space left"):
        replace_with(path, full)
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"a whole network"]


def test_write_json_replaces_a_file_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    for content in ({"emotion": "happy"}, {"faces": [1, 2]}):
        write_json(tmp_path / "figures.json", content)
    [file] = tmp_path.iterdir()
    assert file.read_text() == '{\n "faces": [\n  1,\n  2\n ]\n}\n'
