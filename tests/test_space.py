"""The header and commands of a Hugging Face Space are checked with the platform's own parsers."""

import re
import shlex
from pathlib import Path
from typing import Annotated, Any, Literal

import click
import pytest
import yaml
from huggingface_hub import SpaceCard
from huggingface_hub.cli.hf import app as hf
from huggingface_hub.utils import filter_repo_objects
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

ROOT = Path(__file__).parents[1]
SPACE = (ROOT / "docs" / "huggingface" / "README.md").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text()

Colour = Literal["red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"]


class SpaceHeader(BaseModel):
    """The fields of a Space's header: huggingface.co/docs/hub/spaces-config-reference.

    The Hub checks the values, such as the length of descriptions, only when a Space is pushed.
    """

    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel)

    title: str
    emoji: Annotated[str, StringConstraints(pattern=r"^[\U0001F300-\U0001FAFF]$")]
    color_from: Colour
    color_to: Colour
    sdk: Literal["docker"]
    app_port: Annotated[int, Field(ge=1, le=65535, alias="app_port")]
    license: Literal["mit"]
    short_description: Annotated[str, Field(max_length=60, alias="short_description")]
    tags: list[str]
    pinned: bool


def test_space_header_is_accepted() -> None:
    header = SpaceHeader(**SpaceCard(SPACE).data.to_dict())
    assert f"PORT={header.app_port} " in DOCKERFILE


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("title: Facial", "title: [Facial", "while parsing a flow sequence"),
        ("colorFrom: yellow", "colorFrom: orange", "colorFrom\n.*should be 'red', 'yellow'"),
        ("emoji: 🙂", "emoji: face", "emoji\n.*should match pattern"),
        ("sdk: docker", "sdk: dockr", "sdk\n.*should be 'docker'"),
        ("app_port: 8080", "app_port: 8080/tcp", "app_port\n.*should be a valid integer"),
        ("app_port:", "app_prot:", "app_prot\n.*not permitted"),
        ("every face;", "every face in a picture;", "at most 60 characters"),
    ],
)
def test_space_header_check_can_fail(right: str, wrong: str, message: str) -> None:
    assert right in SPACE
    with pytest.raises((ValidationError, yaml.YAMLError), match=message):
        SpaceHeader(**SpaceCard(SPACE.replace(right, wrong, 1)).data.to_dict())


def parsed(command_line: str) -> tuple[str | None, dict[str, Any]]:
    """Parses a line with Hugging Face's command line: the command and its parameters.

    Raises:
        click.UsageError: the command line refuses it.
    """
    command, words = hf, shlex.split(command_line)[1:]
    while isinstance(command, click.Group):
        _, command, words = command.resolve_command(click.Context(command), words)
    assert command
    return command.name, command.make_context(command.name, words).params


def test_space_is_made_with_three_commands() -> None:
    (create, made), (upload, readme), (uploads, files) = (
        parsed(line) for line in re.findall(r"^\.venv/bin/(hf .*)$", SPACE, re.MULTILINE)
    )
    assert (create, upload, uploads) == ("create", "upload", "upload")
    assert (made["repo_type"], made["sdk"]) == ("space", "docker")
    assert "DEMO_FRAME_ANCESTORS=https://huggingface.co" in made["env"]
    assert made["repo_id"] == readme["repo_id"] == files["repo_id"]
    assert (ROOT / readme["local_path"]).read_text(encoding="utf-8") == SPACE
    assert readme["path_in_repo"] == "README.md"
    folders = ("preprocessing", "model", "demo", "docs", "tests")
    paths = [*ROOT.iterdir(), *(path for name in folders for path in (ROOT / name).rglob("*"))]
    present = [str(path.relative_to(ROOT)) for path in paths if path.is_file()]
    sent = set(
        filter_repo_objects(
            present, allow_patterns=files["include"], ignore_patterns=files["exclude"]
        )
    )
    assert "README.md" not in sent
    assert not [name for name in sent if name.endswith(".pyc")]
    assert {"Dockerfile", ".dockerignore"} <= sent
    for source in re.findall(r"^COPY ([^-]\S+) ", DOCKERFILE, re.MULTILINE):
        assert [name for name in sent if name == source or name.startswith(f"{source}/")], source


def test_space_commands_check_can_fail() -> None:
    [line, *_] = re.findall(r"^\.venv/bin/(hf repos .*)$", SPACE, re.MULTILINE)
    for right, wrong in (("--space-sdk", "--space-sd"), ("space ", "spice "), ("create", "make")):
        with pytest.raises(click.UsageError):
            parsed(line.replace(right, wrong, 1))
