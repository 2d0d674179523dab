"""Commands in the documents are ones that their programs take."""

import contextlib
import io
import re
import runpy
import shlex
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.documents import DOCUMENTS, ROOT, tokens

# What other projects' programs take is not tried here; `hf` is in test_space.py, `nginx` in test_proxy.py.
OTHERS = {
    ".venv/bin/pre-commit",
    "curl",
    "docker",
    "gcloud",
    "git",
    "npm",
    "hf",
    ".venv/bin/hf",
    "ray",
}
PROGRAMS = {
    "python",
    "python3",
    ".venv/bin/python",
    "~/venv/bin/python",
    "make",
    ".venv/bin/pip",
    "pip",
}
SHELL = {"cd", "for", "do", "done", "tar"}


def commands(path: Path) -> list[list[str]]:
    """The commands that a document shows, split into words, without their variables in front."""
    lines: list[str] = []
    for block in tokens(path):
        if block.type == "fence" and block.info == "sh":
            lines += block.content.splitlines()
        for part in block.children or ():
            if part.type == "code_inline" and re.match(
                r"(\S*python3? -m|make|\S*pip install) ", part.content
            ):
                lines.append(part.content)
    found = []
    for line in lines:
        words = shlex.split(line, comments=True)
        for command in " \0".join(words).split("&&"):
            each = [word for word in command.split("\0") if word.strip()]
            each = [word.strip() for word in each]
            if (
                len(each) == 1 and "=" not in each[0].split()[0]
            ):  # The rest of a quoted command, as `ray exec` takes it.
                each = shlex.split(each[0])
            while each and re.match(r"[A-Za-z_]+=", each[0]):
                del each[0]
            if each:
                found.append(each)
    return found


SHOWN = sorted({tuple(each) for path in DOCUMENTS for each in commands(path)})


@cache
def help_of(module: str, command: str | None) -> str:
    """What `python -m MODULE [COMMAND] --help` prints."""
    printed = io.StringIO()
    arguments, sys.argv = sys.argv, [module, *([command] if command else []), "--help"]
    # `pip` takes the current folder out.
    places = list(sys.path)
    try:
        with contextlib.redirect_stdout(printed), pytest.raises(SystemExit) as ended:
            runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        sys.argv, sys.path[:] = arguments, places
    assert ended.value.code in (0, None), printed.getvalue()
    return printed.getvalue()


def check_python(words: list[str]) -> None:
    """Checks `-m MODULE ...`: the module has the command, and the command the options."""
    assert words[0] == "-m"
    module, *rest = words[1:]
    if module == "venv":
        return
    if module.startswith("examples."):  # test_examples.py runs them
        assert find_spec(module)
        return
    if module == "pytest":
        assert all((ROOT / word).exists() for word in rest if word.startswith("tests/"))
        return
    command = rest[0] if rest and re.fullmatch(r"[a-z]+", rest[0]) else None
    if command and command not in help_of(module, None):
        command = None
    text = help_of(module, command)
    for word in rest:
        if word.startswith("--"):
            option = word.partition("=")[0]
            assert re.search(rf"{option}(?![\w-])", text), f"{module} {command} has no {option}"


@pytest.mark.filterwarnings("ignore:.* found in sys.modules:RuntimeWarning")
@pytest.mark.parametrize("words", SHOWN, ids=" ".join)
def test_commands_shown_are_taken(words: tuple[str, ...]) -> None:
    program, *rest = words
    assert program in PROGRAMS | OTHERS | SHELL, f"nobody checks {program}"
    if program.endswith(("python", "python3")):
        check_python(rest)
    elif program == "make":
        targets = [word for word in rest if "=" not in word]
        subprocess.run(["make", "-n", *targets], cwd=ROOT, check=True, capture_output=True)
    elif "-r" in rest:
        assert (ROOT / rest[rest.index("-r") + 1]).exists()


def test_commands_that_nobody_takes_are_seen(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("```sh\nA=b python -m demo classify x.jpg --jsn && make x  # why\n```\n")
    wrong, target = commands(path)
    assert (wrong[0], target) == ("python", ["make", "x"])
    with pytest.raises(AssertionError, match="--jsn"):
        check_python(wrong[1:])
