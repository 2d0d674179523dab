"""The film tab in a real browser."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.demo.film.clips import people, room, scene, steady, write_film


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    happy, calm = people()
    before = scene(room(), [(happy, lambda _: (100, 40))], steady(3))
    after = scene(room(), [(calm, lambda _: (100, 40))], steady(3, start=3))
    write_film(folder / "change.mp4", [*before, *after], sound="aac", seconds=6)
    long = scene(room(), [(happy, lambda _: (100, 40))], steady(300, rate=5))
    write_film(folder / "long.mp4", long)
    (folder / "text.mp4").write_text("This is no film.\n" * 100)
    return folder


@pytest.fixture
def film(page: Page) -> Locator:
    page.get_by_role("tab", name="Film").click()
    tab = page.locator(".fx-film")
    expect(tab).to_be_visible()
    return tab


def read(film: Locator, path: Path) -> None:
    chooser = film.locator("input[type=file]")
    expect(chooser).to_be_enabled()
    chooser.set_input_files(path)
    film.get_by_role("button", name="Read the film").click()


def test_a_film_is_read_and_shown(page: Page, film: Locator, films: Path) -> None:
    expect(film).to_contain_text("deleted with its results as soon as you have them")
    film.get_by_label("Draw boxes and emotions into it").check()
    film.get_by_label("Small pictures of the largest changes").check()
    read(film, films / "change.mp4")
    expect(film.locator(".fx-verdict")).to_have_text("One person in 0:06 of film")
    row = film.locator(".fx-shares tbody tr")
    expect(row).to_have_count(1)
    assert row.locator("td").all_inner_texts()[0] == "0:00 to 0:06"
    shares = [int(text.rstrip("%")) for text in row.locator("td").all_inner_texts()[1:]]
    assert 99 <= sum(shares) <= 101
    # Seeing the moment in the film, in which the browser plays what was encoded here.
    moment = film.get_by_role("button", name="person 1: happy to neutral")
    expect(moment.locator("img")).to_be_visible()
    page.wait_for_function("document.querySelector('.fx-film video').readyState >= 1")
    moment.click()
    assert film.locator("video").evaluate("v => v.currentTime") == pytest.approx(3, abs=0.4)
    # Both plots were loaded.
    for plot in film.locator(".fx-plots img").all():
        plot.scroll_into_view_if_needed()
        page.wait_for_function("image => image.naturalWidth > 1000", arg=plot.element_handle())
    with page.expect_download() as download:
        film.get_by_role("link", name=re.compile(r"summary\.json")).click()
    summary = json.loads(Path(download.value.path()).read_text())
    assert summary["film"]["name"] == "change.mp4"


def test_no_small_picture_unless_asked_for(film: Locator, films: Path) -> None:
    read(film, films / "change.mp4")
    moment = film.get_by_role("button", name="person 1: happy to neutral")
    expect(moment).to_be_visible()
    expect(moment.locator("img")).to_have_count(0)
    expect(film.get_by_role("link", name=re.compile("annotated"))).to_have_count(0)


def test_a_film_can_be_stopped(film: Locator, films: Path) -> None:
    read(film, films / "long.mp4")
    expect(film.locator(".fx-far")).to_contain_text("of 5:00 read, about")
    film.get_by_role("button", name="Stop here").click()
    expect(film.locator(".fx-sentences")).to_contain_text(re.compile(r"Stopped at \d:\d\d"))
    expect(film.get_by_role("link", name=re.compile(r"expressions\.partial\.csv"))).to_be_visible()


def test_what_is_no_film_gets_a_sentence(film: Locator, films: Path) -> None:
    read(film, films / "text.mp4")
    expect(film.get_by_role("alert")).to_contain_text("This is not a film this program can read.")
    # And the next one is read.
    read(film, films / "change.mp4")
    expect(film.locator(".fx-verdict")).to_have_text("One person in 0:06 of film")
    expect(film.get_by_role("alert")).to_be_hidden()


@pytest.mark.parametrize("width", [390])
def test_a_telephone_shows_a_film_without_scrolling_sideways(
    page: Page, film: Locator, films: Path
) -> None:
    read(film, films / "change.mp4")
    expect(film.locator(".fx-verdict")).to_have_text("One person in 0:06 of film")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
