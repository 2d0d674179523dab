"""The film tab in a real browser."""

import json
import re
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, Route, WebSocket, expect

from model.labels import COLOURS
from tests.demo.film.clips import people, room, scene, steady, write_film

from .test_live import PIXELS


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    happy, calm = people()
    before = scene(room(), [(happy, lambda _: (100, 40))], steady(3))
    after = scene(room(), [(calm, lambda _: (100, 40))], steady(3, start=3))
    write_film(folder / "change.mp4", [*before, *after], sound="aac", seconds=6)
    both = [(happy, lambda _: (50, 40)), (calm, lambda _: (220, 40))]
    write_film(folder / "two.mp4", scene(room(), both, steady(2)))
    long = scene(room(), [(happy, lambda _: (100, 40))], steady(300, rate=5))
    write_film(folder / "long.mp4", long)
    (folder / "text.mp4").write_text("This is no film.\n" * 100)
    (folder / "text.txt").write_text("This is no film.")
    Image.fromarray(happy).save(folder / "still.jpg")
    pillow_heif.from_pillow(Image.fromarray(happy)).save(folder / "IMG_1.HEIC")
    (folder / "folder").mkdir()
    return folder


@pytest.fixture
def film(page: Page) -> Locator:
    page.get_by_role("tab", name="Film").click()
    tab = page.locator(".fx-film")
    expect(tab).to_be_visible()
    return tab


def choose(film: Locator, path: Path) -> None:
    chooser = film.locator("input[type=file]")
    expect(chooser).to_be_enabled()
    chooser.set_input_files(path)


def read(film: Locator, path: Path) -> None:
    choose(film, path)
    film.get_by_role("button", name="Read the film").click()


def drop(page: Page, *files: Path) -> None:
    """Drops files, or a text if there are none, on the bottom of the page."""
    box = page.locator("#model").bounding_box()
    assert box
    devtools = page.context.new_cdp_session(page)
    data = {
        "items": [] if files else [{"mimeType": "text/plain", "data": "some text"}],
        "files": [str(file) for file in files],
        "dragOperationsMask": 1,
    }
    for kind in ("dragEnter", "dragOver", "drop"):
        place = {"x": box["x"] + 20, "y": box["y"] + 5}
        devtools.send("Input.dispatchDragEvent", {"type": kind, "data": data, **place})


def test_film_tab_reads_and_shows_a_film(page: Page, film: Locator, films: Path) -> None:
    expect(film).to_contain_text("deleted with its results as soon as you have them")
    film.get_by_label("Draw boxes and emotions into the film").check()
    film.get_by_label("Small pictures of the largest changes").check()
    read(film, films / "change.mp4")
    expect(film.locator(".fx-verdict")).to_have_text("One person: mostly happy")
    expect(film.locator(".fx-sentences")).to_contain_text("0:06 of film, 30 pictures looked at.")
    row = film.locator(".fx-shares tbody tr")
    expect(row).to_have_count(1)
    assert row.locator("td").all_inner_texts()[0] == "0:00 to 0:06"
    shares = [int(text.rstrip("%")) for text in row.locator("td").all_inner_texts()[1:]]
    assert 99 <= sum(shares) <= 101
    # Showing the moment in the film, which the browser plays as it was encoded here.
    moment = film.get_by_role("button", name="person 1: happy to neutral")
    expect(moment.locator("img")).to_be_visible()
    page.wait_for_function("document.querySelector('.fx-film video').readyState >= 1")
    moment.click()
    video = film.locator("video")
    assert video.evaluate("v => v.currentTime") == pytest.approx(3, abs=0.4)
    for name in ("timeline.png", "expressions.csv", "annotated.mp4"):
        expect(film.get_by_role("link", name=name)).to_be_visible()
    with page.expect_download() as download:
        film.get_by_role("link", name=re.compile(r"summary\.json")).click()
    summary = json.loads(Path(download.value.path()).read_text())
    assert summary["film"]["name"] == "change.mp4"


def test_film_tab_keeps_timeline_and_film_in_step(page: Page, film: Locator, films: Path) -> None:
    read(film, films / "change.mp4")
    seek, video = film.get_by_role("slider", name="Place in the film"), film.locator("video")
    page.wait_for_function("document.querySelector('.fx-film video').readyState >= 2")
    expect(film.locator(".fx-then")).to_have_text(re.compile("0:00: person 1 happy"))
    expect(film.locator(".fx-switch")).to_be_hidden()
    # No picture of anyone unless asked for.
    expect(film.get_by_role("button", name="person 1: happy to neutral")).to_be_visible()
    expect(film.locator(".fx-moments img")).to_have_count(0)
    expect(film.get_by_role("link", name=re.compile("annotated"))).to_have_count(0)

    box = seek.bounding_box()
    assert box
    canvas = film.locator(".fx-timeline")
    yellow = [int(COLOURS["happy"][start : start + 2], 16) for start in (1, 3, 5)]
    # Little more than the first half is happy.
    strip = (box["width"] - 62) * 56
    assert 0.4 < canvas.evaluate(PIXELS, yellow) / strip < 0.7
    seek.click(position={"x": 62 + (box["width"] - 62) * 5 / 6, "y": 20})
    assert video.evaluate("v => v.currentTime") == pytest.approx(5, abs=0.05)
    expect(film.locator(".fx-then")).to_have_text(re.compile("0:05: person 1 neutral"))
    expect(seek).to_be_focused()
    for key, time in (("ArrowLeft", 4), ("End", 6), ("PageDown", 0), ("ArrowRight", 1)):
        page.keyboard.press(key)
        assert video.evaluate("v => v.currentTime") == pytest.approx(time, abs=0.05)
    head = film.locator(".fx-playhead")
    before = head.bounding_box()
    video.evaluate("v => { v.muted = true; return v.play(); }")
    page.wait_for_function("document.querySelector('.fx-film video').currentTime > 1.6")
    video.evaluate("v => v.pause()")
    after = head.bounding_box()
    assert before
    assert after
    moved = (box["width"] - 62) * (video.evaluate("v => v.currentTime") - 1) / 6
    assert after["x"] - before["x"] == pytest.approx(moved, abs=8)
    # In the dark theme its text is light.
    page.evaluate("document.body.classList.add('dark')")
    page.wait_for_timeout(300)
    ink = canvas.evaluate("c => getComputedStyle(c).color.match(/[0-9]+/g).map(Number)")
    assert min(ink) > 200
    assert canvas.evaluate(PIXELS, ink) > 20


def test_film_tab_stops_a_film_and_keeps_the_focus(page: Page, film: Locator, films: Path) -> None:
    choose(film, films / "long.mp4")
    button = film.locator("[data-do=switch]")
    expect(button).to_be_enabled()
    button.focus()
    page.keyboard.press("Enter")
    expect(film.locator(".fx-far")).to_contain_text("of 5:00 read, about")
    expect(button).to_be_focused()
    expect(button).to_have_text("Stop here")
    drop(page, films / "two.mp4")
    expect(film.get_by_role("alert")).to_contain_text("A film is being read.")
    button.focus()
    page.keyboard.press("Enter")
    expect(film.locator(".fx-sentences")).to_contain_text(re.compile(r"Stopped at \d:\d\d"))
    expect(film.get_by_role("link", name=re.compile(r"expressions\.partial\.csv"))).to_be_visible()
    expect(button).to_be_focused()


def test_film_tab_explains_other_files_in_one_sentence(
    page: Page, film: Locator, films: Path
) -> None:
    alert, button = film.get_by_role("alert"), film.locator("[data-do=switch]")
    address = page.url
    choose(film, films / "still.jpg")
    expect(alert).to_have_text("still.jpg is a picture, not a film. Choose it under Picture.")
    expect(button).to_be_disabled()
    choose(film, films / "IMG_1.HEIC")
    expect(alert).to_have_text("IMG_1.HEIC is a picture, not a film. Choose it under Picture.")
    choose(film, films / "text.txt")
    expect(alert).to_contain_text("text.txt is not a film.")
    for files, words in {
        (films / "still.jpg",): "is a picture, not a film.",
        (films / "text.txt",): "text.txt is not a film.",
        (films / "folder",): "A folder cannot be read here.",
        30 * (films / "two.mp4",): "One film is read at a time.",
        (): "What you dropped is not a file.",
    }.items():
        drop(page, *files)
        expect(alert).to_contain_text(words)
        expect(page.get_by_text(words)).to_have_count(1)
        expect(button).to_be_disabled()
    assert page.url == address
    # A fault that only the server can find.
    read(film, films / "text.mp4")
    expect(alert).to_contain_text("This is not a film this program can read.")
    # The next film is read.
    drop(page, films / "two.mp4")
    expect(alert).to_be_hidden()
    expect(film.locator(".fx-name")).to_contain_text("two.mp4")
    button.click()
    expect(film.locator(".fx-verdict")).to_have_text("Two people: 1 mostly happy, 2 mostly neutral")
    expect(alert).to_be_hidden()


@pytest.mark.parametrize("then", ["the example again", "another film", "another film, read"])
def test_film_tab_ignores_an_example_that_arrives_late(
    page: Page, film: Locator, films: Path, then: str
) -> None:
    held: list[Route] = []
    readings: list[WebSocket] = []
    page.on("websocket", lambda socket: readings.append(socket))
    page.route("**/page/grace-hopper.mp4", lambda route: held.append(route))
    example = film.get_by_role("button", name="Try a film")
    example.click()
    expect(film.locator(".fx-far")).to_have_text("Fetching the film")
    if then == "the example again":
        page.wait_for_timeout(600)  # Otherwise this is a double click.
        example.click()
    elif then == "another film":
        choose(film, films / "change.mp4")
    else:
        read(film, films / "change.mp4")
    for route in held:
        route.continue_()
    if then == "the example again":
        expect(film.locator(".fx-verdict")).to_contain_text("Two people: 1 most")
    else:
        page.wait_for_timeout(1000)
        expect(film.locator(".fx-name")).to_contain_text("change.mp4")
        if then == "another film":
            expect(film.locator(".fx-far")).to_have_text("")
            film.get_by_role("button", name="Read the film").click()
        expect(film.locator(".fx-verdict")).to_have_text("One person: mostly happy")
    assert len(readings) == 1
    expect(film.get_by_role("alert")).to_be_hidden()


@pytest.mark.parametrize("width", [390])
def test_film_tab_fits_a_phone(page: Page, film: Locator) -> None:
    film.get_by_role("button", name="Try a film").click()
    expect(film.locator(".fx-verdict")).to_contain_text("Two people: 1 most")
    expect(film.locator(".fx-name")).to_contain_text("grace-hopper.mp4")
    for view in ("All together", "Each person"):
        film.get_by_role("button", name=view).click()
        for width in (390, 320):
            page.set_viewport_size({"width": width, "height": 844})
            page.wait_for_timeout(200)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            canvas = film.locator(".fx-timeline")
            # The curve is sharp: one of its pixels for each of the screen's.
            assert canvas.evaluate("c => c.width / c.clientWidth") == pytest.approx(1, abs=0.02)
