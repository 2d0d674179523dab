"""The page with an operator's settings: behind a login, or with a rate limit."""

from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from .serving import serving


def visit(page: Page, address: str) -> None:
    """Opens the page and waits until its scripts have started."""
    page.goto(address)
    expect(page.locator("#picture input[type=file]")).to_be_enabled()


def test_page_works_behind_a_login(chromium: Browser, tmp_path: Path, pictures: Path) -> None:
    with serving(tmp_path, DEMO_AUTH="ada:secret") as server:
        with chromium.new_context() as nobody:
            assert nobody.request.get(server.address).status == 401
        login = {"username": "ada", "password": "secret"}
        with chromium.new_context(http_credentials=login) as context:  # type: ignore[arg-type]
            page = context.new_page()
            visit(page, server.address)
            page.locator("#picture input[type=file]").set_input_files(pictures / "two.jpg")
            expect(page.locator(".fx-answer .fx-verdict")).to_contain_text("2 faces")
            with page.expect_download() as download:
                page.get_by_role("button", name="Save the picture with its boxes").click()
            assert download.value.suggested_filename == "expressions.jpg"


def test_page_tells_a_visitor_beyond_the_rate_how_long_to_wait(
    chromium: Browser, tmp_path: Path, pictures: Path
) -> None:
    with serving(tmp_path, DEMO_REQUESTS_PER_MINUTE="2") as server:
        page = chromium.new_page()
        visit(page, server.address)
        page.locator("#picture input[type=file]").set_input_files(3 * [pictures / "two.jpg"])
        expect(page.get_by_text("3 of 3 read")).to_be_visible()
        page.locator(".fx-thumb").last.click()
        verdict = page.locator(".fx-answer .fx-verdict")
        expect(verdict).to_contain_text("at most 2 a minute are allowed. Try again in")
        expect(page.get_by_role("button", name="Try again", exact=True)).to_be_visible()
        page.locator(".fx-thumb").first.click()
        with_boxes = page.get_by_role("button", name="Save the picture with its boxes")
        with_boxes.click()
        expect(page.locator(".fx-notice")).to_contain_text("Try again in")
        page.close()
