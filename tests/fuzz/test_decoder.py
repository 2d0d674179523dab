"""Sends 500 mutated pictures through the decoder; crashes, hangs and wrong answers are noticed.

`.ci/run` sends 10,000 as well, `make fuzz` 100,000.
"""

import itertools
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from hypothesis import Phase, given

from preprocessing.images import ImageTooLarge, InvalidImage, Picture, decode
from tests.fuzz import verdict, worker
from tests.fuzz.campaign import MAX_GROWTH_BYTES, campaign, drawn
from tests.fuzz.mutants import Mutant, mutants
from tests.fuzz.pictures import FORMATS, pictures
from tests.fuzz.verdict import Verdict, judged, wrong_with_picture, wrong_with_refusal
from tests.fuzz.worker import Worker

# No intact picture has this many bytes.
_LONG = 20_000


def dies_of_long_files(data: bytes, _: bool) -> Verdict:
    """A decoder with a defect in C."""
    if len(data) > _LONG:
        os.kill(os.getpid(), signal.SIGSEGV)
    return Verdict("InvalidImage", "refused")


def dislikes_long_files(data: bytes, _: bool) -> Verdict:
    return Verdict("find", "planted") if len(data) > _LONG else Verdict("InvalidImage", "refused")


def waits(*_: object) -> Verdict:
    """A decoder that never ends."""
    time.sleep(60)
    return Verdict("picture")


@pytest.mark.slow
def test_decode_reads_or_refuses_500_mutated_pictures(tmp_path: Path) -> None:
    summary = campaign(500, 0, tmp_path)
    assert summary.finds == []
    assert summary.count == 500
    assert summary.growth < MAX_GROWTH_BYTES
    for form in FORMATS:
        assert summary.outcomes[form, "InvalidImage"] > 0
        assert summary.outcomes[form, "picture"] > 0, "mutants get past the header"
    assert summary.faces.total() > 10
    assert len(summary.sentences) >= 4, "not all refused for the same reason"


@pytest.mark.slow
def test_decode_reads_the_seed_pictures_and_refuses_the_other_files(tmp_path: Path) -> None:
    with Worker(tmp_path / "log") as process:
        for name, data in pictures().items():
            result = process.judge(data, recognize=True)
            expected = "InvalidImage" if name.startswith("other-") else "picture"
            assert result.outcome == expected, (name, result)
            if name in ("jpeg-baseline", "webp-lossy", "avif-plain", "heic-plain"):
                assert result.faces == 1, name


def test_mutants_are_the_same_for_the_same_seed() -> None:
    def drawn_from(seed: int) -> list[bytes]:
        seen = []

        @hypothesis.seed(seed)
        @drawn(100, Phase.generate)
        @given(mutants())
        def each(mutant: Mutant) -> None:
            seen.append(mutant.data)

        each()
        return seen

    assert len(set(drawn_from(5))) > 80
    assert drawn_from(5) == drawn_from(5)
    assert drawn_from(5) != drawn_from(6)


@pytest.mark.slow
def test_worker_reports_a_crash_and_judges_the_next_picture(tmp_path: Path) -> None:
    with Worker(tmp_path / "log", judge=dies_of_long_files) as process:
        crash = process.judge(bytes(_LONG + 1))
        assert crash.find
        assert "SIGSEGV" in crash.why
        assert process.judge(b"").why == "refused"
        assert process.starts == 2
    assert b"Fatal Python error: Segmentation fault" in (tmp_path / "log").read_bytes()


@pytest.mark.slow
def test_campaign_shrinks_and_keeps_a_find_and_goes_on(tmp_path: Path) -> None:
    summary = campaign(150, 2, tmp_path, judge=dislikes_long_files)
    assert summary.count == 150
    [find] = summary.finds
    assert find.mutant.steps == ("repeat a part",), "no other makes a file as long"
    assert len(find.mutant.data) > _LONG
    assert find.kept_at.read_bytes() == find.mutant.data
    assert "planted" in find.kept_at.with_suffix(".txt").read_text()


def test_worker_finds_a_decoder_that_never_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Worker(tmp_path / "log", judge=waits) as process:
        process.held()  # The worker has started by then.
        monkeypatch.setattr(worker, "_MAX_WAIT", 0.5)
        result = process.judge(b"")
        assert result.find
        assert "no answer in 0.5 s" in result.why
        assert process.starts == 2


def test_judge_finds_too_much_time_or_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = pictures()["png-rgb"]
    assert not judged(data).find
    with monkeypatch.context() as patch:
        patch.setattr(verdict, "_peak", itertools.count(10**9, 10**9).__next__)
        assert "GB of memory" in judged(data).why
    monkeypatch.setattr(verdict, "MAX_SECONDS", 1e-9)
    assert "s of processor time" in judged(data).why


def test_judge_finds_an_error_that_is_no_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: bytes) -> Picture:
        raise KeyError("exif")

    monkeypatch.setattr(verdict, "decode", broken)
    assert judged(b"").why == "KeyError: 'exif'"


@pytest.mark.parametrize(
    "wrong",
    [
        {"pixels": np.zeros((32, 40, 3), np.float32)},
        {"pixels": np.zeros((32, 40), np.uint8)},
        {"pixels": np.zeros((32, 40, 4), np.uint8)},
        {"pixels": np.zeros((40, 32, 3), np.uint8)},
        {"pixels": np.zeros((40, 32, 3), np.uint8).swapaxes(0, 1)},
        {"width": 41},
        {"warnings": ("No full stop",)},
        {"width": 4, "height": 3},
        {"width": 9000, "height": 9000},
        {"width": 4000, "height": 3200},
    ],
)
def test_judge_finds_a_picture_that_breaks_its_contract(wrong: dict) -> None:
    picture = decode(pictures()["png-rgb"])
    assert wrong_with_picture(picture) == ""
    assert wrong_with_picture(replace(picture, **wrong))


@pytest.mark.parametrize(
    "error",
    [
        InvalidImage(""),
        InvalidImage("cannot identify image file <_io.BytesIO object at 0x7f>"),
        InvalidImage("The file /tmp/a/b cannot be read."),
        InvalidImage("No full stop"),
        type("Other", (InvalidImage,), {})("This is a sentence."),
    ],
)
def test_judge_finds_a_refusal_that_is_no_sentence(error: InvalidImage) -> None:
    assert wrong_with_refusal(error)
    assert wrong_with_refusal(ImageTooLarge("This is a sentence.")) == ""
