"""What visitors do with the page, in a real Chromium."""

import io
import json
import re
from base64 import b64decode, b64encode
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from model.labels import COLOURS, EMOTIONS

pytestmark = pytest.mark.browser


def choose(page: Page, picture: Path) -> None:
    """Chooses a file in the dialog that a click on the empty picture opens."""
    with page.expect_file_chooser() as dialog:
        page.get_by_role("button", name="Drop an image file here to upload").click()
    dialog.value.set_files(picture)


def verdict(page: Page) -> Locator:
    return page.locator("#answer .fx-verdict")


def faces(page: Page) -> Locator:
    return page.locator("#answer .fx-face")


def panel(page: Page) -> Locator:
    return page.locator("#answer .fx-panel:visible")


def test_a_chosen_file_is_answered_without_another_click(page: Page, pictures: Path) -> None:
    expect(page.locator("#answer")).to_contain_text("The faces of your picture appear here")
    choose(page, pictures / "astronaut.jpg")
    expect(verdict(page)).to_contain_text(re.compile(r"One face: .*happy \d+%"))
    expect(faces(page)).to_have_count(1)
    expect(panel(page).locator("h3")).to_contain_text("Face 1: happy")
    expect(panel(page).locator("tbody tr")).to_have_count(len(EMOTIONS))
    expect(panel(page).locator(".fx-best")).to_contain_text("happy")
    for picture in page.locator("#answer img:visible, #picture img").all():
        assert picture.evaluate("image => image.naturalWidth > 0")


def test_the_answer_is_read_out(page: Page, pictures: Path) -> None:
    choose(page, pictures / "astronaut.jpg")
    expect(page.get_by_role("status").filter(has_text="One face")).to_contain_text("happy")


def test_choosing_a_face_shows_its_chart(page: Page, pictures: Path) -> None:
    choose(page, pictures / "two.jpg")
    expect(faces(page)).to_have_count(2)
    faces(page).nth(0).click()
    expect(panel(page).locator("h3")).to_contain_text("Face 1: happy")
    first = panel(page).inner_text()
    faces(page).nth(1).click()
    expect(panel(page)).to_have_count(1)
    expect(panel(page).locator("h3")).to_contain_text("Face 2")
    assert panel(page).inner_text() != first
    expect(faces(page).nth(1)).to_have_attribute("aria-pressed", "true")
    expect(faces(page).nth(0)).to_have_attribute("aria-pressed", "false")


def test_a_box_in_the_picture_chooses_its_face(page: Page, pictures: Path) -> None:
    choose(page, pictures / "two.jpg")
    left = page.get_by_role("button", name=re.compile("^Face 1: happy"))
    left.click()
    expect(panel(page).locator("h3")).to_contain_text("Face 1")
    right = page.locator("#answer .fx-box").nth(1)
    right.focus()
    page.keyboard.press("Enter")
    expect(panel(page).locator("h3")).to_contain_text("Face 2")
    photo, box = page.locator(".fx-photo").bounding_box(), left.bounding_box()
    assert photo
    assert box
    # Her face is 97 to 175 pixels from the left of a picture of 1024, and as far from the top of 512.
    assert 0.15 < (box["x"] + box["width"] / 2 - photo["x"]) / photo["width"] < 0.28
    assert 0.15 < (box["y"] + box["height"] / 2 - photo["y"]) / photo["height"] < 0.35


def test_a_snapshot_of_the_camera_is_answered_and_not_mirrored(page: Page, pictures: Path) -> None:
    page.get_by_role("button", name="Capture from camera").click()
    page.get_by_text("Click to Access Webcam").click()
    page.wait_for_function("document.querySelector('#picture video')?.videoWidth > 0")
    page.get_by_role("button", name="capture photo").click()
    expect(verdict(page)).to_contain_text(re.compile("One face: .*happy"))
    source = page.locator("#answer .fx-photo img").get_attribute("src")
    assert source
    taken = Image.open(io.BytesIO(b64decode(source.partition("base64,")[2])))
    seen = Image.open(pictures / "frame.jpg")
    assert likeness(taken, seen) > 0.9
    assert likeness(taken, seen.transpose(Image.Transpose.FLIP_LEFT_RIGHT)) < 0.7


def likeness(one: Image.Image, other: Image.Image) -> float:
    """The correlation of two pictures' grey values; 1 for the same picture."""
    small = (np.asarray(each.convert("L").resize((64, 48))).ravel() for each in (one, other))
    return float(np.corrcoef(*small)[0, 1])


def test_a_picture_turned_by_exif_is_upright(page: Page, pictures: Path) -> None:
    choose(page, pictures / "phone.jpg")
    expect(verdict(page)).to_contain_text(re.compile("One face: .*happy"))


def test_a_heic_picture_is_answered_and_shown(page: Page, pictures: Path) -> None:
    with page.expect_file_chooser() as dialog:
        page.get_by_role("button", name="Choose a HEIC, TIFF or other file").click()
    dialog.value.set_files(pictures / "phone.heic")
    expect(verdict(page)).to_contain_text(re.compile("One face: .*happy"))
    page.wait_for_function("document.querySelector('#picture img')?.naturalWidth > 0")


def test_a_dropped_heic_picture_is_answered_and_shown(page: Page, pictures: Path) -> None:
    drop(page, pictures / "phone.heic", kind="image/heic")
    expect(verdict(page)).to_contain_text(re.compile("One face: .*happy"))
    page.wait_for_function("document.querySelector('#picture img')?.naturalWidth > 0")


def test_a_dropped_picture_is_answered(page: Page, pictures: Path) -> None:
    drop(page, pictures / "astronaut.jpg", kind="image/jpeg")
    expect(verdict(page)).to_contain_text(re.compile("One face: .*happy"))


def drop(page: Page, picture: Path, kind: str) -> None:
    """Drops a file as a file manager does."""
    transfer = page.evaluate_handle(
        """([encoded, name, type]) => {
            const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], name, { type }));
            return transfer;
        }""",
        [b64encode(picture.read_bytes()).decode(), picture.name, kind],
    )
    target = page.get_by_role("button", name="Drop an image file here to upload")
    target.dispatch_event("drop", {"dataTransfer": transfer})


def test_a_pasted_picture_is_answered(page: Page, astronaut: np.ndarray) -> None:
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
    page.get_by_role("button", name="Paste from clipboard").click()
    expect(verdict(page)).to_contain_text(re.compile("One face: .*happy"))


def test_the_example_is_answered(page: Page) -> None:
    page.get_by_role("button", name="Grace Hopper").click()
    expect(verdict(page)).to_contain_text("One face")
    page.wait_for_function("document.querySelector('#picture img')?.naturalWidth > 0")


def test_no_face_says_what_to_try(page: Page, pictures: Path) -> None:
    choose(page, pictures / "wall.png")
    expect(verdict(page)).to_have_text("No face found")
    expect(page.locator("#answer")).to_contain_text("turn the face to the camera")


def test_what_is_no_picture_gets_a_sentence(page: Page, pictures: Path) -> None:
    choose(page, pictures / "text.jpg")
    expect(verdict(page)).to_contain_text("This is not a picture this program can read.")
    assert "Traceback" not in page.content()
    # The broken picture is gone, so that the next one can be chosen at once.
    choose(page, pictures / "astronaut.jpg")
    expect(verdict(page)).to_contain_text("One face")


def test_a_file_of_too_many_bytes_gets_a_sentence(page: Page, pictures: Path) -> None:
    choose(page, pictures / "large.jpg")
    expect(page.get_by_text(re.compile("maximum allowed size|exceeds")).first).to_be_visible()


def test_taking_the_picture_away_takes_its_answer_away(page: Page, pictures: Path) -> None:
    choose(page, pictures / "astronaut.jpg")
    expect(verdict(page)).to_contain_text("One face")
    page.get_by_role("button", name="Remove Image").click()
    expect(page.locator("#answer")).to_contain_text("The faces of your picture appear here")
    expect(page.get_by_text("The answer as JSON")).to_be_hidden()


def test_the_picture_with_its_boxes_can_be_saved(page: Page, pictures: Path) -> None:
    choose(page, pictures / "astronaut.jpg")
    with page.expect_download() as download:
        page.get_by_role("link", name="Save the picture with its boxes").click()
    assert download.value.suggested_filename == "expressions.jpg"
    saved = np.asarray(Image.open(download.value.path()), np.int16)
    assert saved.shape == (512, 512, 3)
    happy = np.array([int(COLOURS["happy"][start : start + 2], 16) for start in (1, 3, 5)])
    assert (np.abs(saved - happy).max(axis=2) < 40).sum() > 200


def test_the_bar_chart_can_be_saved(page: Page, pictures: Path) -> None:
    choose(page, pictures / "astronaut.jpg")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the bar chart").click()
    assert download.value.suggested_filename == "expression-1-happy.png"
    assert Image.open(download.value.path()).size == (900, 600)


def test_the_json_can_be_copied(page: Page, pictures: Path) -> None:
    choose(page, pictures / "two.jpg")
    page.get_by_text("The answer as JSON").click()
    page.locator("#json").get_by_role("button", name=re.compile("copy", re.IGNORECASE)).click()
    page.wait_for_function("navigator.clipboard.readText().then((text) => text.startsWith('{'))")
    copied = json.loads(page.evaluate("navigator.clipboard.readText()"))
    assert copied["image"] == {"width": 1024, "height": 512}
    assert copied["faces"][0]["emotion"] == "happy"
    assert len(copied["faces"]) == 2
    assert set(copied["model"]) == {"name", "version", "sha256"}


@pytest.mark.parametrize("width", [390])
def test_a_telephone_shows_the_answer_without_scrolling_sideways(
    page: Page, pictures: Path
) -> None:
    widths = "[document.documentElement.scrollWidth, window.innerWidth]"
    assert page.evaluate(widths) == [390, 390]
    choose(page, pictures / "two.jpg")
    expect(verdict(page)).to_be_in_viewport()
    expect(page.locator("#answer .fx-photo")).to_be_in_viewport()
    page.get_by_text("The answer as JSON").click()
    assert page.evaluate(widths) == [390, 390]


def test_what_happens_to_pictures_is_said_above_the_camera(page: Page) -> None:
    note = page.get_by_text("What happens to your picture")
    camera = page.get_by_role("button", name="Capture from camera")
    said, done = note.bounding_box(), camera.bounding_box()
    assert said
    assert done
    assert said["y"] < done["y"]
    expect(page.get_by_text("An expression shown is not an emotion felt.")).to_be_visible()


def test_all_that_can_be_pressed_has_a_name(page: Page, pictures: Path) -> None:
    choose(page, pictures / "two.jpg")
    expect(faces(page)).to_have_count(2)
    pressable = page.locator("button:visible, a:visible").all()
    assert len(pressable) > 10
    for element in pressable:
        name = element.evaluate(
            "e => e.getAttribute('aria-label') || e.title || e.innerText.trim()"
        )
        assert name, element.evaluate("e => e.outerHTML")
    for picture in page.locator("#answer img:visible").all():
        assert picture.get_attribute("alt")


def test_it_can_be_used_by_keyboard_alone(page: Page) -> None:
    """From the top of the page to the example, and on to the first face of the answer."""
    _tab_to(page, "#examples button")
    page.keyboard.press("Enter")
    expect(verdict(page)).to_contain_text("One face")
    _tab_to(page, "#answer .fx-box")
    _tab_to(page, "#answer .fx-face")
    _tab_to(page, "#answer [data-chart]")


def _tab_to(page: Page, selector: str) -> None:
    for _ in range(25):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"25 tabs do not lead to {selector}")
