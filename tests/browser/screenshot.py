"""Takes the README's picture of the page: `python -m tests.browser.screenshot`.

It shows matplotlib's photograph of Rear Admiral Grace Hopper, which is in the public domain. It needs
Debian's packages chromium-headless-shell and fonts-noto-color-emoji.
"""

import io
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import expect, sync_playwright

from .serving import CHROMIUM, CHROMIUM_ARGUMENTS, ROOT, serving

TARGET = ROOT / "docs" / "screenshot.png"
_SIZE = {"width": 1280, "height": 844}


def main() -> None:
    """Starts a server, clicks its example and writes `docs/screenshot.png`."""
    with (
        tempfile.TemporaryDirectory() as files,
        serving(Path(files)) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        page = browser.new_page(viewport=_SIZE, color_scheme="light")
        page.goto(server.address)
        page.get_by_role("button", name="Grace Hopper", exact=True).click()
        expect(page.locator(".fx-picture:not([data-empty]) .fx-verdict")).to_contain_text(
            "One face"
        )
        page.mouse.move(0, 0)
        page.wait_for_timeout(1000)  # the fade-in
        picture = Image.open(io.BytesIO(page.screenshot(full_page=True)))
        browser.close()
    TARGET.parent.mkdir(exist_ok=True)
    picture.convert("RGB").save(TARGET, optimize=True)
    print(f"{TARGET.relative_to(ROOT)}: {TARGET.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
