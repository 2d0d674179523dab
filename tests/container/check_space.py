"""Runs the image as a Hugging Face Space does: as user 1000, in a frame of huggingface.co."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from .engine import Container, running

ROOT = Path(__file__).parents[2]
HEADER = (ROOT / "docs" / "huggingface" / "README.md").read_text(encoding="utf-8")
PAGE = "https://huggingface.co/spaces/name/facial-expressions"
USER = ("--user=1000:1000", "-e", "SYSTEM=spaces", "-e", "SPACE_ID=name/facial-expressions")


@pytest.fixture(scope="module")
def space() -> Iterator[Container]:
    variables = re.findall(r" --env (\S+)", HEADER)
    assert variables
    with running(*USER, *(f"--env={variable}" for variable in variables)) as started:
        yield started


def framed(chromium: Browser, address: str) -> Page:
    """A page that the browser takes for huggingface.co and that shows an address in a frame."""

    def answer(route: Route) -> None:
        frame = f'<iframe src="{address}" width="1000" height="900"></iframe>'
        route.fulfill(body=f"<!doctype html><title>Space</title>{frame}", content_type="text/html")

    # The browser asks before an internet page may reach this machine; a real Space is elsewhere.
    context = chromium.new_context(permissions=["local-network-access"])
    page = context.new_page()
    page.route(PAGE, answer)
    return page


def test_space_page_works_in_the_frame(space: Container, chromium: Browser, pictures: Path) -> None:
    page = framed(chromium, space.address)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(PAGE)
    inside = page.frame_locator("iframe")
    expect(inside.locator("#model")).to_contain_text("Network", timeout=60_000)
    chooser = inside.locator("#picture input[type=file]")
    expect(chooser).to_be_enabled()
    chooser.set_input_files(pictures / "astronaut.jpg")
    expect(inside.locator(".fx-picture:not([data-empty]) .fx-verdict")).to_contain_text(
        re.compile("One face: .*happy")
    )
    own = (f"{space.address}/", "data:", "blob:")
    assert [url for url in asked if not url.startswith(own)] == [PAGE]
    page.context.close()


def test_space_page_needs_the_setting_to_be_framed(container: Container, chromium: Browser) -> None:
    page = framed(chromium, container.address)
    with page.expect_console_message(lambda line: "frame-ancestors" in line.text):
        page.goto(PAGE)
    assert not page.frame_locator("iframe").locator("#model").is_visible()
    page.context.close()


def test_space_runs_as_the_platforms_user(space: Container) -> None:
    status = space.python("print(open('/proc/1/status').read())")
    assert re.search(r"^Uid:\t1000\t", status, re.MULTILINE)
    with pytest.raises(subprocess.CalledProcessError) as failed:
        space.python("open('/app/written', 'w')")
    assert b"Permission denied" in failed.value.stderr
