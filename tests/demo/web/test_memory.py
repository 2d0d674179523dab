import io
import platform
import subprocess
import sys
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from demo.web import memory
from tests.conftest import ROOT
from tests.demo.conftest import running


@pytest.fixture
def cgroup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    paths = (tmp_path / "memory.max", tmp_path / "memory.limit_in_bytes")
    monkeypatch.setattr(memory, "_LIMITS", tuple(map(str, paths)))
    return paths


@pytest.mark.parametrize(
    ("version_2", "version_1", "limit"),
    [
        ("1073741824\n", None, 1073741824),
        (None, "536870912\n", 536870912),
        ("max\n", None, None),
        (None, "9223372036854771712\n", None),
        (None, None, None),
        ("", None, None),
    ],
)
def test_memory_limit_is_read_from_either_cgroup_version(
    cgroup: tuple[Path, Path], version_2: str | None, version_1: str | None, limit: int | None
) -> None:
    for path, text in zip(cgroup, (version_2, version_1), strict=True):
        if text is not None:
            path.write_text(text)
    assert memory.container_limit() == limit
    assert memory.uploads_limit() == (limit // 8 if limit else 1_000_000_000)


@pytest.mark.slow
def test_memory_stays_within_the_container(tmp_path: Path) -> None:
    limit = tmp_path / "memory.max"
    limit.write_text("800000000")
    program = f"""
import numpy as np
from demo.web import memory
memory._LIMITS = ({str(limit)!r},)
assert np.ones(800_000_000, np.uint8).any()
memory.stay_within_container()
try:
    np.ones(700_000_000, np.uint8)
except MemoryError:
    print("refused")
assert np.ones(100_000_000, np.uint8).any()
print("alive")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["refused", "alive"]


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="it is glibc that is told")
def test_malloc_settings_are_taken_by_glibc(monkeypatch: pytest.MonkeyPatch) -> None:
    # In its own process: the setting would outlast the test.
    program = "from demo.web.memory import give_pictures_back; print(give_pictures_back())"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "True\n"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert memory.give_pictures_back() is False


def webp(side: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.zeros((side, side, 3), np.uint8)).save(file, "WEBP", lossless=True)
    return file.getvalue()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not hold to RLIMIT_DATA")
def test_server_goes_on_after_a_picture_that_needs_too_much_memory(happy: bytes) -> None:
    """The largest WebP needs a gigabyte; this server may use 800 MB and needs 400 itself."""
    with (
        running(limit_megabytes=800) as (process, port),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client,
    ):
        headers = {"Content-Type": "image/webp"}
        for _ in range(3):
            refused = client.post("/api/v1/expressions", content=webp(8000), headers=headers)
            assert refused.status_code in (413, 422), refused.text
            assert refused.headers["content-type"] == "application/problem+json"
            assert "not enough memory to decode" in refused.json()["detail"]
        small = client.post("/api/v1/expressions", content=webp(300), headers=headers)
        assert small.json()["faces"] == []
        answer = client.post(
            "/api/v1/expressions", content=happy, headers={"Content-Type": "image/jpeg"}
        )
        assert len(answer.json()["faces"]) == 1
        assert process.poll() is None
