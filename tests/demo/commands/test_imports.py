"""The command line loads no server libraries: they would slow each start by a second."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.demo.commands.test_video import film

SERVER = {"fastapi", "gradio", "pydantic", "pydantic_settings", "starlette", "uvicorn"}
TRAINING = {"jax", "keras", "sklearn", "skimage", "tensorflow", "torch"}
NEVER = {*SERVER, *TRAINING, "pandas", "scipy", "supervision"}
FILMS = {"av", "duckdb", "matplotlib"}

_PROGRAM = """
import contextlib, json, sys
from demo.commands.main import main
with contextlib.suppress(SystemExit):
    main(sys.argv[1:])
print()
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def loaded(*arguments: str | Path) -> set[str]:
    """The top-level packages that a run of `python -m demo` imports."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("command", ["classify", "video"])
def test_help_loads_no_server_and_nothing_of_films(command: str) -> None:
    assert loaded(command, "--help") & (NEVER | FILMS) == set()


def test_classify_loads_no_server_and_nothing_of_films(tmp_path: Path, empty_room: bytes) -> None:
    (tmp_path / "room.jpg").write_bytes(empty_room)
    found = loaded("classify", tmp_path, "--explain", tmp_path / "why")
    assert "dlib" in found
    assert found & (NEVER | FILMS) == set()


@pytest.mark.slow
def test_video_loads_no_server(tmp_path: Path) -> None:
    found = loaded("video", film(tmp_path / "a.mp4", 0.2), "--output", tmp_path / "out")
    assert found >= FILMS
    assert found & NEVER == set()


def test_camera_loads_nothing_that_its_first_visitor_would_wait_for() -> None:
    program = "import sys, demo.people.camera; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) & (NEVER | FILMS) == set()
