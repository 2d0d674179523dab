"""The page over plain HTTP from another machine, where the browser blocks clipboard and camera."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import OTHER_MACHINE
from .test_page import answered, check, paste, verdict

pytestmark = pytest.mark.browser

CAMERA = "The browser gives a camera only to pages opened by https://, or on the machine that runs the server."
CLIPBOARD = CAMERA.replace("a camera", "the clipboard")


@pytest.fixture
def page(chromium: Browser, server: str) -> Iterator[Page]:
    """The page under another machine's name. It must leave no error unhandled."""
    if "127.0.0.1" not in server:
        pytest.skip("DEMO_URL names a server elsewhere.")
    page = chromium.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(server.replace("127.0.0.1", OTHER_MACHINE))
    expect(page.locator("#picture input[type=file]")).to_be_enabled()
    assert page.evaluate("isSecureContext") is False
    yield page
    page.close()
    assert not errors


def test_page_over_http_says_why_camera_and_clipboard_are_missing(page: Page) -> None:
    notice = page.locator(".fx-notice")
    page.get_by_role("button", name="Use the camera").click()
    expect(notice).to_have_text(CAMERA)
    page.get_by_role("button", name="Paste").click()
    expect(notice).to_have_text(
        f"{CLIPBOARD} Press Ctrl+V (on a Mac ⌘V) instead, or choose a file."
    )
    page.get_by_role("button", name="Grace Hopper", exact=True).click()
    answered(page)
    expect(notice).to_be_hidden()
    page.get_by_text("The answer as JSON").click()
    page.get_by_role("button", name="Copy").click()
    expect(notice).to_have_text(f"{CLIPBOARD} Select the text and copy it.")
    page.get_by_role("tab", name="Live camera").click()
    page.get_by_role("button", name="Start the camera").click()
    expect(page.locator(".fx-live").get_by_role("alert")).to_have_text(CAMERA)
    expect(page.get_by_role("button", name="Start the camera")).to_be_visible()


def test_page_over_http_takes_the_ways_it_advises(page: Page, pictures: Path) -> None:
    heic = (pictures / "phone.heic").read_bytes()
    for name in ("IMG_1.HEIC", "image"):  # A pasted file may have no type and no ending.
        paste(page, (name, "", heic))
        check(page, "heic")
    page.locator("#picture input[type=file]").set_input_files(pictures / "two.jpg")
    expect(verdict(page)).to_contain_text("2 faces")
