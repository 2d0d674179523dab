import pytest

from train_resnet.__main__ import main
from train_resnet.run import architectures


def test_architectures_lists_networks_with_their_cost(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each is built by tests of its own.
    known = architectures.ARCHITECTURES
    some = {name: known[name] for name in ("resnet18-w32", "mini-xception")}
    monkeypatch.setattr(architectures, "ARCHITECTURES", some)
    assert main(["architectures"]) == 0
    heading, *rows = (line.split() for line in capsys.readouterr().out.splitlines())
    assert heading == ["--arch", "parameters", "multiply-adds"]
    assert [row[:2] for row in rows] == [
        ["resnet18-w32", "2,802,862"],
        ["mini-xception", "58,423"],
    ]
