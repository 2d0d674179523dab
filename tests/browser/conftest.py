"""Runs a real Chromium and the real server, with a camera that shows a smiling woman."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from .serving import CHROMIUM, CHROMIUM_ARGUMENTS, serving

# The server's name in the browser, which trusts only its own machine without https.
OTHER_MACHINE = "faces.test"

# On a busy machine an answer takes seconds.
expect.set_options(timeout=20_000)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Marks these tests as slow, and skips those that start a server if DEMO_URL names one."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker("slow")
    if os.environ.get("DEMO_URL"):
        own = [
            item
            for item in items
            if here in item.path.parents and "server" not in getattr(item, "fixturenames", ())
        ]
        items[:] = [item for item in items if item not in own]
        config.hook.pytest_deselected(items=own)


@pytest.fixture(scope="package")
def pictures(
    tmp_path_factory: pytest.TempPathFactory, astronaut: np.ndarray, hopper: np.ndarray
) -> Path:
    """A folder of pictures like those of visitors."""
    folder = tmp_path_factory.mktemp("pictures")
    smiling = Image.fromarray(astronaut)
    smiling.save(folder / "astronaut.jpg", quality=95)
    Image.fromarray(np.hstack([astronaut, hopper[:512]])).save(folder / "two.jpg", quality=95)
    turned = Image.Exif()
    turned[0x0112] = 6  # to be turned clockwise by a quarter turn
    smiling.transpose(Image.Transpose.ROTATE_90).save(folder / "phone.jpg", exif=turned, quality=95)
    pillow_heif.from_pillow(smiling).save(folder / "phone.heic")
    smiling.save(folder / "whole.tif")
    whole = (folder / "whole.tif").read_bytes()
    (folder / "cut.tif").write_bytes(whole[: len(whole) * 97 // 100])
    Image.new("RGB", (600, 450), "grey").save(folder / "wall.png")
    smiling.resize((300, 300)).save(folder / "small.jpg")
    smiling.transpose(Image.Transpose.ROTATE_90).save(folder / "lying.jpg")
    Image.fromarray(astronaut[:384]).save(folder / "landscape.jpg")
    Image.fromarray(hopper).resize((900, 1200)).save(folder / "portrait.jpg")
    rows = [
        np.hstack([hopper[:512], astronaut, hopper[:512]]),
        np.hstack([astronaut, hopper[:512], astronaut]),
    ]
    Image.fromarray(np.vstack(rows)).save(folder / "crowd.jpg")
    _like_a_camera(smiling).save(folder / "camera.jpg", exif=turned, quality=93)
    (folder / "text.jpg").write_text("This is no picture.")
    (folder / "large.jpg").write_bytes(bytes(20_500_000))
    return folder


def _like_a_camera(picture: Image.Image) -> Image.Image:
    """A picture of 12 megapixels, stored on its side, with a camera's noise."""
    large = np.asarray(picture.resize((3000, 4000)).transpose(Image.Transpose.ROTATE_90), np.int16)
    noise = np.random.default_rng(0).integers(-9, 10, large.shape[:2], np.int16)
    return Image.fromarray(np.clip(large + noise[..., None], 0, 255).astype(np.uint8))


@pytest.fixture(scope="package")
def camera(pictures: Path) -> Path:
    """The camera's view as Motion JPEG: one JPEG after the other, for two seconds."""
    frame = Image.open(pictures / "astronaut.jpg").resize((640, 640)).crop((0, 60, 640, 540))
    frame.save(pictures / "frame.jpg", quality=92)
    film = pictures / "camera.mjpeg"
    film.write_bytes(60 * (pictures / "frame.jpg").read_bytes())
    return film


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a ready server: the one that DEMO_URL names, or else a new one."""
    if address := os.environ.get("DEMO_URL"):
        yield address
        return
    with serving(tmp_path_factory.mktemp("gradio")) as running:
        yield running.address


# Not for the whole session: Playwright keeps an event loop running in this thread.
@pytest.fixture(scope="package")
def chromium(camera: Path) -> Iterator[Browser]:
    if not CHROMIUM.exists():
        reason = f"There is no {CHROMIUM}: apt-get install chromium-headless-shell"
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    arguments = [
        *CHROMIUM_ARGUMENTS,
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={camera}",
        f"--host-resolver-rules=MAP {OTHER_MACHINE} 127.0.0.1",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def width() -> int:
    """The window's size in pixels; tests may override it."""
    return 1280


@pytest.fixture(scope="package")
def visitor(chromium: Browser) -> Iterator[BrowserContext]:
    """A visitor who allows everything, and whose browser keeps the page's scripts in its cache."""
    with chromium.new_context(
        permissions=["camera", "clipboard-read", "clipboard-write"]
    ) as context:
        yield context


@pytest.fixture
def page(visitor: BrowserContext, server: str, width: int) -> Iterator[Page]:
    """The page in a fresh window. It must report no error and contact no other server."""
    page = visitor.new_page()
    page.set_viewport_size({"width": width, "height": 844})
    errors: list[str] = []
    elsewhere: list[str] = []
    # The browser reports every refusal as an error, but the page shows refusals itself.
    page.on(
        "console",
        lambda line: (
            errors.append(line.text)
            if line.type == "error" and "Failed to load resource" not in line.text
            else None
        ),
    )
    page.on("pageerror", lambda error: errors.append(str(error)))
    own = (f"{server}/", "data:", "blob:")
    page.on(
        "request",
        lambda request: None if request.url.startswith(own) else elsewhere.append(request.url),
    )
    page.goto(server)
    expect(page.locator("#picture input[type=file]")).to_be_enabled()
    expect(page.locator("#model")).to_contain_text("Network")
    yield page
    page.close()
    assert not errors
    assert not elsewhere
