"""The page as operators may set it up: behind a login, with a rate limit."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from .serving import serving


def visit(page: Page, address: str) -> None:
    """Opens the page, and waits until all its scripts are there: before, a file goes unnoticed."""
    page.goto(address)
    expect(page.locator("#model")).to_contain_text("Network")
    page.wait_for_load_state("networkidle")


def test_behind_a_login_the_page_works_as_without(
    chromium: Browser, tmp_path: Path, pictures: Path
) -> None:
    with serving(tmp_path, DEMO_AUTH="ada:secret") as server:
        with pytest.raises(Error, match="ERR_INVALID_AUTH_CREDENTIALS"):
            chromium.new_page().goto(server.address)
        login = {"username": "ada", "password": "secret"}
        with chromium.new_context(http_credentials=login) as context:  # type: ignore[arg-type]
            page = context.new_page()
            visit(page, server.address)
            page.locator("#picture input[type=file]").set_input_files(pictures / "two.jpg")
            expect(page.locator("#answer .fx-verdict")).to_contain_text("2 faces")
            with page.expect_download() as download:
                page.get_by_role("button", name="Save the bar chart").first.click()
            assert download.value.suggested_filename.endswith(".png")


def test_a_visitor_beyond_the_rate_is_told_how_long_to_wait(
    chromium: Browser, tmp_path: Path, pictures: Path
) -> None:
    # A visit begins with one request; a picture is an upload and a reading.
    for limit in ("1", "2"):
        with serving(tmp_path, DEMO_REQUESTS_PER_MINUTE=limit) as server:
            page = chromium.new_page()
            visit(page, server.address)
            page.locator("#picture input[type=file]").set_input_files(pictures / "two.jpg")
            message = page.locator(".toast-wrap")
            expect(message).to_contain_text(f"at most {limit} a minute are taken. Try again in")
            expect(message).not_to_contain_text("{")
            page.close()


def test_a_chart_that_is_refused_says_so(chromium: Browser, tmp_path: Path, pictures: Path) -> None:
    with serving(tmp_path, DEMO_REQUESTS_PER_MINUTE="3") as server:
        page = chromium.new_page()
        visit(page, server.address)
        page.locator("#picture input[type=file]").set_input_files(pictures / "astronaut.jpg")
        button = page.locator("#answer [data-chart]")
        button.click()
        expect(button).to_have_text("The server is busy: try again in a moment")
        page.close()
