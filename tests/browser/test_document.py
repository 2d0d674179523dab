"""The whole page in a real browser: the tabs' addresses and keys, the footer, and a path of a site."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.nginx import nginx

from .serving import serving

pytestmark = pytest.mark.browser


def chosen(page: Page, name: str) -> None:
    expect(page.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")


@pytest.mark.parametrize("width", [1280, 390])
def test_tabs_have_addresses_that_survive_a_reload(page: Page, server: str) -> None:
    page.get_by_role("tab", name="Live camera").click()
    expect(page).to_have_url(f"{server}/#live")
    page.reload()
    chosen(page, "Live camera")
    expect(page.locator(".fx-live")).to_be_visible()
    page.get_by_role("tab", name="Film").click()
    expect(page).to_have_url(f"{server}/#film")
    page.go_back()
    chosen(page, "Live camera")
    page.get_by_role("tab", name="Picture").click()
    expect(page).to_have_url(f"{server}/")
    page.goto(f"{server}/?__theme=dark#film")
    page.reload()
    chosen(page, "Film")
    page.get_by_role("tab", name="Live camera").click()
    expect(page).to_have_url(f"{server}/?__theme=dark#live")
    # An address that names no tab shows the first tab.
    page.goto(f"{server}/#nothing")
    page.reload()
    chosen(page, "Picture")


def test_back_leaves_a_page_that_was_opened_at_a_tab(page: Page, server: str) -> None:
    page.goto(f"{server}/?__theme=dark#film")
    chosen(page, "Film")
    page.go_back()
    expect(page).to_have_url(f"{server}/")
    chosen(page, "Picture")


def test_tabs_follow_the_arrow_keys(page: Page) -> None:
    page.get_by_role("tab", name="Picture").focus()
    for key, name in (
        ("ArrowRight", "Live camera"),
        ("ArrowRight", "Film"),
        ("ArrowRight", "Picture"),
        ("ArrowLeft", "Film"),
        ("Home", "Picture"),
        ("End", "Film"),
    ):
        page.keyboard.press(key)
        chosen(page, name)
        expect(page.get_by_role("tab", name=name)).to_be_focused()
    # One Shift+Tab leaves the row of tabs, since only the chosen tab can have the focus.
    page.keyboard.press("Shift+Tab")
    expect(page.locator("[role=tab]:focus")).to_have_count(0)
    page.keyboard.press("Tab")
    expect(page.get_by_role("tab", name="Film")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("[role=tab]:focus")).to_have_count(0)


def test_footer_states_the_accuracy_and_has_links(page: Page, server: str) -> None:
    foot = page.locator("#model")
    expect(foot).to_contain_text(re.compile(r"7 times in 10 .* 8 times in 10", re.DOTALL))
    for name, content in (
        ("Model card", "must not be used for"),
        ("HTTP API", "/api/v1/expressions"),
        ("Licence", "MIT License"),
    ):
        foot.get_by_role("link", name=name).click()
        expect(page.locator("body")).to_contain_text(content)
        page.goto(server)


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The addresses of a server behind nginx."""
    files, folder = tmp_path_factory.mktemp("gradio"), tmp_path_factory.mktemp("nginx")
    with serving(files, DEMO_ROOT_PATH="/demo", DEMO_TRUSTED_PROXIES="1") as server:
        port = int(server.address.rpartition(":")[2])
        with nginx(folder, port) as addresses:
            yield addresses


# The browser sees the same addresses in the other setup.
@pytest.mark.parametrize("way", ["whole"])
def test_page_is_complete_at_a_path_of_another_site(
    chromium: Browser, behind: dict[str, str], way: str, tmp_path: Path
) -> None:
    context = chromium.new_context(permissions=["camera"])
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "response",
        lambda answer: (
            wrong.append(answer.url)
            if answer.status >= 400 or not answer.url.startswith(behind[way])
            else None
        ),
    )
    page.goto(behind[way].rstrip("/") + "#live", wait_until="networkidle")
    wrong.clear()  # from the redirection to the path with a slash
    expect(page).to_have_url(f"{behind[way]}#live")
    page.get_by_role("button", name="Start the camera").click()
    expect(page.locator(".fx-people")).to_contain_text("happy")
    page.get_by_role("button", name="Stop the camera").click()
    for tab in ("Film", "Picture"):
        page.get_by_role("tab", name=tab).click()
        page.wait_for_load_state("networkidle")
    film = tmp_path / "a.mp4"
    film.write_bytes(b"no film")
    page.get_by_role("tab", name="Film").click()
    page.locator(".fx-film input[type=file]").set_input_files(film)
    page.get_by_role("button", name="Read the film").click()
    expect(page.locator(".fx-film [role=alert]")).to_contain_text("film")
    page.get_by_role("link", name="HTTP API").click()
    expect(page.locator("body")).to_contain_text(f"{behind[way]}api/v1/expressions")
    context.close()
    assert not wrong
