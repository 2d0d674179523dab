"""The picture tab in a real Chromium, used as visitors use it."""

import csv
import io
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, Route, expect

from model.labels import COLOURS, EMOTIONS

pytestmark = pytest.mark.browser


def choose(page: Page, *pictures: Path) -> None:
    """Chooses files in the dialog that the blue button opens."""
    with page.expect_file_chooser() as dialog:
        page.locator("label.fx-primary").click()
    dialog.value.set_files(pictures)


def verdict(page: Page) -> Locator:
    return page.locator(".fx-answer .fx-verdict")


def faces(page: Page) -> Locator:
    return page.locator(".fx-answer .fx-face")


def notice(page: Page) -> Locator:
    return page.locator(".fx-notice")


def thumbs(page: Page) -> Locator:
    return page.locator(".fx-thumb")


def panel(page: Page) -> Locator:
    return page.locator(".fx-panel:visible")


def answered(page: Page) -> None:
    """Waits until the chosen photograph has its answer."""
    expect(page.locator(".fx-picture:not([data-empty]) .fx-answer:not(.fx-busy)")).to_be_visible()


def transfer(page: Page, *files: tuple[str, str, bytes], text: str = "") -> object:
    """The data that the browser gets with a drop or a paste."""
    return page.evaluate_handle(
        """([files, text]) => {
            const transfer = new DataTransfer();
            for (const [name, type, encoded] of files) {
                const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
                transfer.items.add(new File([bytes], name, { type }));
            }
            if (text) transfer.setData("text/plain", text);
            return transfer;
        }""",
        [[(name, kind, b64encode(content).decode()) for name, kind, content in files], text],
    )


def drop(page: Page, *files: tuple[str, str, bytes], on: str = ".fx-start", text: str = "") -> None:
    """Drops files as a file manager does; fails if the browser would leave the page."""
    left = page.evaluate(
        """([selector, dataTransfer]) => {
            const event = new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true });
            return document.querySelector(selector).dispatchEvent(event);
        }""",
        [on, transfer(page, *files, text=text)],
    )
    assert left is False


def paste(page: Page, *files: tuple[str, str, bytes], text: str = "") -> None:
    """Presses Ctrl+V without moving the focus."""
    page.evaluate(
        """(clipboardData) => (document.activeElement ?? document.body).dispatchEvent(
            new ClipboardEvent("paste", { clipboardData, bubbles: true }))""",
        transfer(page, *files, text=text),
    )


def snap(page: Page) -> None:
    page.get_by_role("button", name="Use the camera").click()
    page.wait_for_function("document.querySelector('.fx-camera video').videoWidth > 0")
    page.get_by_role("button", name="Take the photograph").click()


def file(picture: Path, kind: str = "image/jpeg") -> tuple[str, str, bytes]:
    return picture.name, kind, picture.read_bytes()


@pytest.fixture
def ways(pictures: Path) -> dict[str, Callable[[Page], None]]:
    """The ways to choose a picture; each brings a picture of another size."""
    return {
        "example": lambda page: page.get_by_role("button", name="Grace Hopper", exact=True).click(),
        "file": lambda page: choose(page, pictures / "two.jpg"),
        "heic": lambda page: choose(page, pictures / "phone.heic"),
        "drop": lambda page: drop(page, file(pictures / "wall.png", "image/png")),
        "paste": lambda page: paste(page, file(pictures / "small.jpg")),
        "camera": snap,
    }


# The right answer for each way: the size of its picture, and its verdict.
EXPECTED = {
    "example": ((512, 600), "One face: .*neutral"),
    "file": ((1024, 512), "2 faces: .*happy"),
    "heic": ((512, 512), "One face: .*happy"),
    "drop": ((600, 450), "No face found"),
    "paste": ((300, 300), "One face: .*happy"),
    "camera": ((640, 480), "One face: .*happy"),
}


def every_pair(names: list[str]) -> Iterator[str]:
    """A sequence of names in which each name follows every name, itself included."""
    for place, first in enumerate(names):
        yield first
        for second in names[place:]:
            yield from (second, first)


# What the page shows of the chosen photograph at one moment; null while it has no answer.
SEEN = """() => {
    const image = document.querySelector(".fx-photo img");
    const json = document.querySelector(".fx-json pre").textContent;
    if (document.querySelector(".fx-answer").classList.contains("fx-busy") || !json) return null;
    const told = JSON.parse(json).image;
    const verdict = document.querySelector(".fx-answer .fx-verdict").textContent;
    return { shown: [image.naturalWidth, image.naturalHeight], told: [told.width, told.height], verdict };
}"""


def check(page: Page, way: str) -> None:
    """Checks that picture, answer and JSON belong to the same picture."""
    size, words = EXPECTED[way]
    # All at once, since a second look may show the next moment.
    seen = page.wait_for_function(
        f"(size) => {{ const seen = ({SEEN})(); return seen?.shown.join() === size && seen; }}",
        arg=",".join(map(str, size)),
    ).json_value()
    assert tuple(seen["told"]) == size
    assert re.match(words, seen["verdict"])


def come(page: Page, ways: dict[str, Callable[[Page], None]], way: str) -> None:
    """Chooses a photograph in one way, and checks its answer as soon as it appears."""
    before = thumbs(page).count()
    ways[way](page)
    expect(thumbs(page)).to_have_count(before + 1)
    check(page, way)


def test_picture_tab_never_shows_another_pictures_answer(
    page: Page, ways: dict[str, Callable[[Page], None]]
) -> None:
    others = [way for way in ways if way != "example"]
    walk = list(every_pair(others))
    assert {*pairwise(walk)} >= {(one, other) for one in others for other in others}
    for way in walk:
        come(page, ways, way)
        if thumbs(page).count() == 20:
            page.get_by_role("button", name="Clear all").click()
            come(page, ways, way)
    # The example is shown while nothing is chosen.
    for way in others:
        clear(page)
        for each in ("example", way):
            come(page, ways, each)


def clear(page: Page) -> None:
    """Removes all photographs."""
    while page.get_by_role("button", name="Remove this photograph").is_visible():
        page.get_by_role("button", name="Remove this photograph").click()
    expect(page.locator(".fx-picture[data-empty]")).to_be_attached()


def test_picture_tab_takes_pictures_in_every_way_after_removal(
    page: Page, ways: dict[str, Callable[[Page], None]]
) -> None:
    for way in ways:
        come(page, ways, way)
        clear(page)
        expect(page.get_by_text("An example answer:")).to_be_visible()
        expect(page.locator(".fx-json")).to_be_hidden()


def test_picture_tab_gives_a_late_answer_to_its_own_photograph(page: Page, pictures: Path) -> None:
    """The first photograph's answer is held back until the second is chosen."""
    held: list[Route] = []
    page.route(
        "**/api/v1/expressions?*",
        lambda route: route.continue_() if held else held.append(route),
    )
    choose(page, pictures / "two.jpg", pictures / "wall.png")
    thumbs(page).nth(1).click()
    expect(verdict(page)).to_have_text("Waiting …")
    page.wait_for_timeout(300)
    held[0].continue_()
    expect(thumbs(page).nth(0)).to_have_attribute("aria-label", re.compile("two.jpg: happy"))
    check(page, "drop")
    thumbs(page).nth(0).click()
    check(page, "file")


@pytest.mark.parametrize("then", ["example", "file", "camera"])
def test_picture_tab_ignores_an_example_that_arrives_late(
    page: Page, ways: dict[str, Callable[[Page], None]], then: str
) -> None:
    held: list[Route] = []
    page.route("**/page/examples/grace-hopper.jpg*", lambda route: held.append(route))
    ways["example"](page)
    page.wait_for_timeout(600)  # Otherwise the next may be a double click.
    ways[then](page)
    for route in held:
        route.continue_()
    page.wait_for_timeout(500)
    check(page, then)
    expect(page.locator(".fx-strip")).to_be_hidden()


def test_picture_tab_keeps_nothing_of_a_photograph_removed_early(
    page: Page, pictures: Path
) -> None:
    held: list[Route] = []
    page.route("**/api/v1/expressions?*", lambda route: held.append(route))
    choose(page, pictures / "two.jpg")
    expect(verdict(page)).to_have_text(re.compile("Sending|Reading"))
    page.get_by_role("button", name="Remove this photograph").click()
    page.unroute("**/api/v1/expressions?*")
    choose(page, pictures / "wall.png")
    check(page, "drop")
    expect(page.locator(".fx-strip")).to_be_hidden()


def test_picture_tab_button_always_opens_the_file_dialog(page: Page, pictures: Path) -> None:
    expect(page.locator("label.fx-primary")).to_have_text(re.compile("^Choose photographs"))
    for _ in range(2):
        choose(page, pictures / "astronaut.jpg")
        answered(page)
        expect(page.locator("label.fx-primary .fx-again")).to_be_visible()
        expect(page.locator("label.fx-primary")).to_be_in_viewport()


def test_picture_tab_reads_several_photographs_in_turn(page: Page, pictures: Path) -> None:
    names = ["two.jpg", "text.jpg", "wall.png", "phone.heic"]
    choose(page, *(pictures / name for name in names))
    expect(thumbs(page)).to_have_count(4)
    expect(page.get_by_text("4 of 4 read")).to_be_visible()
    expect(thumbs(page).nth(1)).to_have_attribute("aria-label", re.compile("not a picture"))
    thumbs(page).nth(1).click()
    expect(verdict(page)).to_contain_text("This is not a picture this program can read.")
    page.get_by_text("All faces as a table").click()
    rows = page.locator(".fx-table tbody tr")
    expect(rows).to_have_count(5)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the table (CSV)").click()
    content = download.value.path().read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    table = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert [row["path"] for row in table] == ["two.jpg", "two.jpg", *names[1:]]
    assert [row["face"] for row in table] == ["1", "2", "", "0", "1"]
    assert table[0]["emotion"] == "happy"
    assert sum(float(table[0][emotion]) for emotion in EMOTIONS) == pytest.approx(1, abs=1e-4)
    assert "not a picture" in table[2]["problem"]
    page.get_by_role("button", name="Clear all").click()
    expect(page.get_by_text("An example answer:")).to_be_visible()


def test_picture_tab_table_has_no_cell_that_a_spreadsheet_would_run(
    page: Page, pictures: Path
) -> None:
    name = '=HYPERLINK("https:x"),a.jpg'
    drop(page, (name, "image/jpeg", (pictures / "astronaut.jpg").read_bytes()))
    answered(page)
    page.get_by_text("All faces as a table").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the table (CSV)").click()
    [row] = csv.DictReader(io.StringIO(download.value.path().read_text("utf-8-sig")))
    assert row["path"] == f"'{name}"


def test_picture_tab_takes_twenty_photographs_and_names_the_rest(
    page: Page, pictures: Path
) -> None:
    small = (pictures / "small.jpg").read_bytes()
    drop(page, *((f"{number}.jpg", "image/jpeg", small) for number in range(30)))
    expect(notice(page)).to_contain_text(
        "The page holds 20 photographs at most, so 10 of these were left out."
    )
    expect(page.get_by_text("20 of 20 read")).to_be_visible(timeout=60_000)
    expect(thumbs(page)).to_have_count(20)


@pytest.mark.parametrize("tab", ["Picture", "Live camera"])
def test_picture_tab_stays_when_files_are_dropped_beside_the_zone(
    page: Page, pictures: Path, tab: str
) -> None:
    page.get_by_role("tab", name=tab).click()
    drop(page, file(pictures / "astronaut.jpg"), on="body")
    if tab == "Picture":
        expect(verdict(page)).to_contain_text("One face")


def test_picture_tab_explains_other_files_in_one_sentence(page: Page, pictures: Path) -> None:
    refused: dict[str, Callable[[], None]] = {
        "The clipboard holds no picture.": lambda: paste(page, text="a word"),
        "What you dropped is not a file.": lambda: drop(page, text="a word"),
    }
    for sentence, do in refused.items():
        do()
        expect(notice(page)).to_contain_text(sentence)
        assert page.get_by_text(sentence).count() == 1
    answers: dict[str, tuple[str, str, bytes]] = {
        "This is not a picture. Use JPEG": ("notes.txt", "text/plain", b"words"),
        "This is a film.": ("film.mp4", "video/mp4", b"....ftypmp42"),
        "The file is empty.": ("empty.jpg", "image/jpeg", b""),
        "This is not a picture this program can read": ("notes", "", b"words"),
    }
    for sentence, content in answers.items():
        drop(page, content)
        answered(page)
        expect(verdict(page)).to_contain_text(sentence)
        expect(notice(page)).to_be_hidden()
    choose(page, pictures / "large.jpg")
    expect(verdict(page)).to_contain_text("The picture has 20.5 MB; at most 20 MB are allowed.")
    drop(page, ("IMG_1.HEIC", "", (pictures / "phone.heic").read_bytes()))
    check(page, "heic")
    paste(page, ("IMG_2.heif", "", (pictures / "phone.heic").read_bytes()))
    check(page, "heic")


def test_picture_tab_answers_a_pasted_picture_wherever_the_focus_is(
    page: Page, pictures: Path
) -> None:
    page.locator("h1").click()
    paste(page, file(pictures / "astronaut.jpg"))
    expect(verdict(page)).to_contain_text(re.compile("One face: .*happy"))


def test_picture_tab_paste_button_reads_the_clipboard(page: Page, astronaut: np.ndarray) -> None:
    png = io.BytesIO()
    Image.fromarray(astronaut).save(png, "PNG")
    page.evaluate(
        """async (encoded) => {
            const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
            const picture = new Blob([bytes], { type: "image/png" });
            await navigator.clipboard.write([new ClipboardItem({ "image/png": picture })]);
        }""",
        b64encode(png.getvalue()).decode(),
    )
    page.get_by_role("button", name="Paste").click()
    expect(verdict(page)).to_contain_text(re.compile("One face: .*happy"))


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("() => { navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotAllowedError') } }", "does not let this page use the camera"),
        ("() => { navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotFoundError') } }", "No camera was found"),
        ("Object.defineProperty(navigator, 'mediaDevices', { value: undefined })", "only to pages opened by https://"),
    ],
)  # fmt: skip
def test_picture_tab_reports_a_missing_camera_once(page: Page, setting: str, sentence: str) -> None:
    page.evaluate(setting)
    page.get_by_role("button", name="Use the camera").click()
    expect(notice(page)).to_contain_text(sentence)
    assert page.locator(".fx-picture").get_by_text(sentence).count() == 1


def test_picture_tab_reports_a_refused_clipboard_once(page: Page) -> None:
    page.evaluate(
        "() => { navigator.clipboard.read = async () => { throw new DOMException('', 'NotAllowedError') } }"
    )
    page.get_by_role("button", name="Paste").click()
    expect(notice(page)).to_contain_text("Press Ctrl+V")
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.get_by_role("button", name="Paste").click()
    expect(notice(page)).to_contain_text("only to pages opened by https://")


def test_picture_tab_reports_once_that_copying_failed(page: Page, pictures: Path) -> None:
    choose(page, pictures / "astronaut.jpg")
    answered(page)
    page.get_by_text("The answer as JSON").click()
    page.evaluate(
        "() => { navigator.clipboard.writeText = async () => { throw new DOMException('', 'NotAllowedError') } }"
    )
    page.get_by_role("button", name="Copy").click()
    expect(notice(page)).to_have_text(
        "The browser does not let this page write to the clipboard. Select the text and copy it."
    )


def test_picture_tab_switches_the_camera_off_when_left(page: Page, pictures: Path) -> None:
    leave: list[Callable[[], None]] = [
        lambda: page.get_by_role("button", name="Close the camera").click(),
        lambda: page.get_by_role("tab", name="Film").click(),
        lambda: choose(page, pictures / "astronaut.jpg"),
    ]
    for way_out in leave:
        page.get_by_role("tab", name="Picture").click()
        page.get_by_role("button", name="Use the camera").click()
        page.wait_for_function("document.querySelector('.fx-camera video').videoWidth > 0")
        track = page.locator(".fx-camera video").evaluate_handle("v => v.srcObject.getTracks()[0]")
        way_out()
        page.wait_for_function("track => track.readyState === 'ended'", arg=track)


def test_picture_tab_snapshot_is_not_mirrored(page: Page, pictures: Path) -> None:
    snap(page)
    check(page, "camera")
    encoded = page.evaluate(
        """() => {
            const image = document.querySelector(".fx-photo img");
            const canvas = document.createElement("canvas");
            [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
            canvas.getContext("2d").drawImage(image, 0, 0);
            return canvas.toDataURL("image/png").split(",")[1];
        }"""
    )
    taken = Image.open(io.BytesIO(b64decode(encoded)))
    seen = Image.open(pictures / "frame.jpg")
    assert likeness(taken, seen) > 0.9
    assert likeness(taken, seen.transpose(Image.Transpose.FLIP_LEFT_RIGHT)) < 0.7


def likeness(one: Image.Image, other: Image.Image) -> float:
    """The correlation of two pictures' grey values; 1 for the same picture."""
    small = (np.asarray(each.convert("L").resize((64, 48))).ravel() for each in (one, other))
    return float(np.corrcoef(*small)[0, 1])


def posted(page: Page, picture: Path) -> dict[str, Any]:
    """Returns the HTTP route's answer to a file."""
    answer = page.request.post(
        f"{page.url.split('#')[0]}api/v1/expressions",
        data=picture.read_bytes(),
        headers={"Content-Type": "image/jpeg"},
    )
    return dict(answer.json())


def test_picture_tab_reduces_a_large_picture_and_answers_in_its_own_pixels(
    page: Page, pictures: Path
) -> None:
    """EXIF turns it, too; the answer must match the HTTP route's answer to the original."""
    original = pictures / "camera.jpg"
    page.evaluate(
        """() => {
            const send = XMLHttpRequest.prototype.send;
            XMLHttpRequest.prototype.send = function (body) { window.sent = body; send.call(this, body); };
        }"""
    )
    choose(page, original)
    answered(page)
    sent = page.evaluate(
        """async () => {
            const { width, height } = await createImageBitmap(window.sent);
            return [width, height, window.sent.size];
        }"""
    )
    assert sent[:2] == [1920, 2560]
    assert sent[2] < 0.5 * original.stat().st_size
    told = json.loads(page.locator(".fx-json pre").text_content() or "")
    expected = posted(page, original)
    assert told["image"] == expected["image"] == {"width": 3000, "height": 4000}
    [face], [measure] = told["faces"], expected["faces"]
    for side in ("x", "y", "width", "height"):
        assert face["box"][side] == pytest.approx(measure["box"][side], abs=60)
    assert np.abs(np.subtract(face["landmarks"], measure["landmarks"])).max() < 40
    assert face["emotion"] == measure["emotion"] == "happy"


def test_picture_tab_shows_and_announces_a_chosen_face(page: Page, pictures: Path) -> None:
    choose(page, pictures / "two.jpg")
    answered(page)
    expect(page.get_by_role("status").filter(has_text="2 faces")).to_be_attached()
    faces(page).nth(0).click()
    expect(panel(page).locator("h3")).to_contain_text("Face 1: happy")
    expect(page.get_by_role("status").filter(has_text="Face 1: happy")).to_be_attached()
    expect(panel(page).locator("tbody tr")).to_have_count(len(EMOTIONS))
    expect(panel(page).locator(".fx-best")).to_contain_text("happy")
    right = page.locator(".fx-box").nth(1)
    right.focus()
    page.keyboard.press("Enter")
    expect(panel(page).locator("h3")).to_contain_text("Face 2")
    expect(faces(page).nth(1)).to_have_attribute("aria-pressed", "true")
    expect(faces(page).nth(0)).to_have_attribute("aria-pressed", "false")
    expect(right).to_be_focused()
    expect(right.locator(".fx-tag")).to_contain_text("2")
    expect(faces(page).nth(1)).to_contain_text("2")
    # Her face is 97 to 175 pixels from the left of a picture of 1024, and as far from the top of 512.
    photo = page.locator(".fx-photo").bounding_box()
    box = page.get_by_role("button", name=re.compile("^Face 1: happy")).bounding_box()
    assert photo
    assert box
    assert 0.15 < (box["x"] + box["width"] / 2 - photo["x"]) / photo["width"] < 0.28
    assert 0.15 < (box["y"] + box["height"] / 2 - photo["y"]) / photo["height"] < 0.35


@pytest.mark.parametrize("name", ["two.jpg", "landscape.jpg", "portrait.jpg"])
def test_picture_tab_shows_picture_faces_and_chart_together(
    page: Page, pictures: Path, name: str
) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    choose(page, pictures / name)
    answered(page)
    for part in (".fx-photo", ".fx-cards", ".fx-bars:visible", ".fx-attention canvas"):
        expect(page.locator(f".fx-picture {part}").first).to_be_in_viewport(ratio=1)


def test_picture_tab_keeps_tags_of_crowds_apart(page: Page, pictures: Path) -> None:
    choose(page, pictures / "crowd.jpg")
    answered(page)
    places = [tag.bounding_box() for tag in page.locator(".fx-tag").all()]
    assert len(places) == 6
    for number, one in enumerate(places):
        for other in places[:number]:
            assert one
            assert other
            apart = (
                one["x"] >= other["x"] + other["width"]
                or other["x"] >= one["x"] + one["width"]
                or one["y"] >= other["y"] + other["height"]
                or other["y"] >= one["y"] + one["height"]
            )
            assert apart


def test_picture_tab_applies_exif_orientation(page: Page, pictures: Path) -> None:
    choose(page, pictures / "phone.jpg")
    check(page, "heic")  # the same picture


def test_picture_tab_says_that_a_picture_is_turned(page: Page, pictures: Path) -> None:
    choose(page, pictures / "lying.jpg")
    expect(verdict(page)).to_contain_text("One face: ")
    expect(page.locator(".fx-advice")).to_have_text("The picture was turned by 90° to find a face.")
    told = json.loads(page.locator(".fx-json pre").text_content() or "")
    assert told["turned"] == 90


def test_picture_tab_says_that_a_file_is_damaged(page: Page, pictures: Path) -> None:
    choose(page, pictures / "cut.tif")
    expect(verdict(page)).to_contain_text("One face: ")
    expect(page.locator(".fx-advice p")).to_have_text(
        "The file is damaged or was cut off: about 4% of the picture is missing."
    )


def test_picture_tab_says_what_to_try_without_a_face(page: Page, pictures: Path) -> None:
    choose(page, pictures / "wall.png")
    check(page, "drop")
    expect(page.locator(".fx-advice")).to_contain_text("turn the face to the camera")


def test_picture_tab_tries_again_when_the_server_is_busy(page: Page, pictures: Path) -> None:
    problem = {"type": "about:blank", "title": "", "status": 503, "detail": "Too many pictures."}
    refusals = [503, 503]

    def answer(route: Route) -> None:
        if not refusals:
            route.continue_()
            return
        route.fulfill(status=refusals.pop(), headers={"Retry-After": "1"}, body=json.dumps(problem))

    page.route("**/api/v1/expressions?*", answer)
    choose(page, pictures / "two.jpg")
    expect(verdict(page)).to_contain_text("Too many pictures.")
    check(page, "file")


def test_picture_tab_reports_an_unreachable_server_and_offers_another_try(
    page: Page, pictures: Path
) -> None:
    page.route("**/api/v1/expressions?*", lambda route: route.abort())
    choose(page, pictures / "two.jpg")
    expect(verdict(page)).to_contain_text("The server cannot be reached.")
    page.unroute("**/api/v1/expressions?*")
    page.get_by_role("button", name="Try again").click()
    check(page, "file")


def test_picture_tab_explains_a_proxys_refusal(page: Page, pictures: Path) -> None:
    bodies = ["<html>Bad gateway</html>", '{"error": {"code": 502}}', "null"]
    page.route(
        "**/api/v1/expressions?*", lambda route: route.fulfill(status=502, body=bodies.pop())
    )
    for _ in range(3):
        choose(page, pictures / "small.jpg")
        expect(verdict(page)).to_have_text("The server did not answer (502).")
        clear(page)


def test_picture_tab_saves_the_annotated_picture(page: Page, pictures: Path) -> None:
    choose(page, pictures / "astronaut.jpg")
    answered(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the picture with its boxes").click()
    assert download.value.suggested_filename == "expressions.jpg"
    saved = np.asarray(Image.open(download.value.path()), np.int16)
    assert saved.shape == (512, 512, 3)
    happy = np.array([int(COLOURS["happy"][start : start + 2], 16) for start in (1, 3, 5)])
    assert (np.abs(saved - happy).max(axis=2) < 40).sum() > 200


def test_picture_tab_saves_the_bar_chart(page: Page, pictures: Path) -> None:
    choose(page, pictures / "astronaut.jpg")
    answered(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the bar chart").click()
    assert download.value.suggested_filename == "expression-1-happy.png"
    chart = np.asarray(Image.open(download.value.path()).convert("RGB"), int)
    assert chart.shape == (600, 900, 3)
    # The bars of a likely and an unlikely emotion are as long as their probabilities.
    for emotion, least, most in (("happy", 590, 612), ("angry", 0, 12)):
        colour = [int(COLOURS[emotion][start : start + 2], 16) for start in (1, 3, 5)]
        middle = 90 + round((EMOTIONS.index(emotion) + 0.5) * 68)
        assert least <= (np.abs(chart[middle] - colour).max(axis=1) < 4).sum() <= most


def test_picture_tab_copies_the_json(page: Page, pictures: Path) -> None:
    choose(page, pictures / "two.jpg")
    answered(page)
    page.get_by_text("The answer as JSON").click()
    page.get_by_role("button", name="Copy").click()
    page.wait_for_function("navigator.clipboard.readText().then((text) => text.startsWith('{'))")
    copied = json.loads(page.evaluate("navigator.clipboard.readText()"))
    assert copied == posted(page, pictures / "two.jpg")


def test_picture_tab_uses_the_servers_words(page: Page) -> None:
    from demo.answer.as_text import percent

    values = [0, 0.004, 0.005, 0.015, 0.125, 0.135, 0.5, 0.985, 0.994, 0.995, 1]
    said = page.evaluate(
        """async (values) => {
            const { percent } = await import(new URL("page/scripts/words.js", document.baseURI));
            return values.map(percent);
        }""",
        values,
    )
    assert said == [percent(value) for value in values]


@pytest.mark.parametrize("width", [390])
def test_picture_tab_fits_a_phone(page: Page, pictures: Path) -> None:
    widths = "[document.documentElement.scrollWidth, window.innerWidth]"
    assert page.evaluate(widths) == [390, 390]
    choose(page, pictures / "two.jpg")
    answered(page)
    for part in (".fx-photo", ".fx-verdict", ".fx-cards", ".fx-bars:visible"):
        expect(page.locator(f".fx-picture {part}").first).to_be_in_viewport(ratio=1)
    expect(page.locator("label.fx-primary")).to_be_in_viewport(ratio=1)
    page.get_by_text("The answer as JSON").click()
    page.get_by_text("All faces as a table").click()
    assert page.evaluate(widths) == [390, 390]
    choose(page, pictures / "wall.png")
    check(page, "drop")


def test_picture_tab_controls_all_have_names(page: Page, pictures: Path) -> None:
    choose(page, pictures / "two.jpg", pictures / "wall.png")
    answered(page)
    pressable = page.locator("button:visible, a:visible, input:visible").all()
    assert len(pressable) > 10
    for element in pressable:
        name = element.evaluate(
            "e => e.getAttribute('aria-label') || e.title || e.innerText.trim()"
            " || e.labels?.[0]?.innerText"
        )
        assert name, element.evaluate("e => e.outerHTML")


def test_picture_tab_works_by_keyboard_alone(page: Page) -> None:
    """Tab leads from the top of the page to the example, and on to the first face of the answer."""
    _tab_to(page, "[data-example]")
    page.keyboard.press("Enter")
    answered(page)
    _tab_to(page, ".fx-box")
    _tab_to(page, ".fx-face")
    _tab_to(page, "[data-do=chart]")


def _tab_to(page: Page, selector: str) -> None:
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"30 tabs do not lead to {selector}")
