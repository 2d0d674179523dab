"""That the page can be used by everyone, each tab with its results shown: axe-core finds nothing
serious, what is focused is seen, nothing lies beside a narrow screen, forced colours keep the choice.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .test_page import answered, choose

pytestmark = pytest.mark.browser

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"

# The look of a control and its surroundings: `:focus-within` marks a label or a box.
LOOKS = """control => [control, control.parentElement, control.closest("label")].map((each) => {
    const style = each && getComputedStyle(each);
    return style && [style.outline, style.boxShadow, style.border, style.background].join();
}).join()"""


@pytest.fixture(scope="module")
def axe() -> str:
    """The source of axe-core."""
    if AXE.exists():
        return AXE.read_text(encoding="utf-8")
    reason = "axe-core is not installed: make tests/browser/node_modules/.installed"
    if os.environ.get("REQUIRE_BROWSER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def picture(page: Page, pictures: Path) -> None:
    choose(page, pictures / "two.jpg", pictures / "wall.png")
    answered(page)
    for folded in ("All faces as a table", "The answer as JSON"):
        page.get_by_text(folded).click()


def live(page: Page, pictures: Path) -> None:  # noqa: ARG001
    page.get_by_role("tab", name="Live camera").click()
    page.get_by_role("button", name="Start the camera").click()
    expect(page.locator(".fx-live .fx-people caption").first).to_contain_text("happy")


def film(page: Page, pictures: Path) -> None:  # noqa: ARG001
    page.get_by_role("tab", name="Film").click()
    page.get_by_label("Small pictures of the largest changes").check()
    page.get_by_role("button", name="Try a film").click()
    expect(page.locator(".fx-film .fx-verdict")).to_contain_text("people")


@pytest.mark.parametrize("width", [1280])
@pytest.mark.parametrize("show", [picture, live, film])
def test_page_is_accessible_on_each_tab(
    page: Page, pictures: Path, axe: str, show: Callable[[Page, Path], None]
) -> None:
    show(page, pictures)
    # Bypasses the page's policy, which lets nobody add scripts.
    page.evaluate(axe)
    found = []
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 844})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.evaluate("dark => document.body.classList.toggle('dark', dark)", scheme == "dark")
            page.wait_for_timeout(300)
            found += [f"{width} {scheme}: {each}" for each in violations(page)]
    assert not found, "\n".join(found)

    page.set_viewport_size({"width": 320, "height": 844})
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert unseen(page) == []


def violations(page: Page) -> list[str]:
    """The critical and serious findings, in Gradio's markup too."""
    answer: dict[str, Any] = page.evaluate("axe.run({ resultTypes: ['violations'] })")
    return [
        f"{rule['id']} at {place['target']}: {place['failureSummary']}"
        for rule in answer["violations"]
        if rule["impact"] in ("critical", "serious")
        for place in rule["nodes"]
    ]


def unseen(page: Page) -> list[str]:
    """The controls that Tab reaches but that look the same with and without focus."""
    found, names = [], set()
    # Tab continues from here.
    page.locator("h1").click()
    for _ in range(80):
        page.keyboard.press("Tab")
        control = page.evaluate_handle("document.activeElement")
        name = control.evaluate("control => control.outerHTML.slice(0, 160)")
        if name.startswith("<body"):
            break
        # A film's player has several controls.
        if name in names:
            continue
        names.add(name)
        page.wait_for_timeout(30)
        focused = control.evaluate(LOOKS)
        control.evaluate("control => control.blur()")
        # A colour may take a while to change.
        page.wait_for_timeout(200)
        if control.evaluate(LOOKS) == focused:
            found.append(name)
        control.evaluate("control => control.focus({ preventScroll: true })")
    assert len(names) > 10, names
    return found


def test_page_shows_the_chosen_face_in_forced_colours(page: Page, pictures: Path) -> None:
    choose(page, pictures / "two.jpg")
    answered(page)
    page.emulate_media(forced_colors="active")
    for kind in (".fx-face", ".fx-box"):
        chosen, other = (
            page.locator(f'{kind}[aria-pressed="{pressed}"]').first.evaluate(
                "each => [getComputedStyle(each).outlineStyle, getComputedStyle(each).borderColor]"
            )
            for pressed in ("true", "false")
        )
        assert chosen[0] == "solid"
        assert other[0] == "none"
        assert chosen[1] != other[1]
