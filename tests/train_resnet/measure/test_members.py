import json
from pathlib import Path

from model import classifier
from train_resnet.measure.members import members_of


def test_members_of_old_weights_say_how_their_one_network_was_trained(tmp_path: Path) -> None:
    for ending in ("tflite", "json"):
        content = (classifier.WEIGHTS / f"resnet.{ending}").read_bytes()
        (tmp_path / f"old.{ending}").write_bytes(content)
    info = json.loads((tmp_path / "old.json").read_text())
    [first, *_] = info["training"].pop("members")
    info["training"] |= first
    (tmp_path / "old.json").write_text(json.dumps(info))
    [member] = members_of(str(tmp_path / "old.tflite"))
    assert {name: member[name] for name in first} == first
