"""Checks of the running image; `make container` builds it and runs them."""

import io
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from model import Recognizer
from model.labels import EMOTIONS

from .engine import BASE, IMAGE, STRICT, Container, engine, running

ROOT = Path(__file__).parents[2]

# The line of /metrics for pictures that are being read.
INSIDE = "demo_pictures_waiting"

PNG = {"Content-Type": "image/png"}

# Sends its standard input as a picture from inside the container.
POST = """
import os, sys, urllib.request as u
url = f"http://127.0.0.1:{os.environ['PORT']}/api/v1/expressions"
request = u.Request(url, sys.stdin.buffer.read(), {"Content-Type": "image/jpeg"})
print(u.urlopen(request, timeout=60).read().decode())
"""

LARGEST = """
import os, pathlib, sysconfig
site = pathlib.Path(sysconfig.get_path("purelib"))
def size(path):
    files = [path] if path.is_file() else [f for f in path.rglob("*") if f.is_file()]
    return sum(f.stat().st_size for f in files)
for path in sorted(site.iterdir()):
    print(size(path), path.name)
"""


def test_image_is_small(container: Container, figures: list[str]) -> None:
    image, base = (
        int(engine("image", "inspect", "-f", "{{.Size}}", name)) / 1e6 for name in (IMAGE, BASE)
    )
    figures.append(f"image {image:.0f} MB, {image - base:.0f} MB over {BASE}")
    sizes: dict[str, float] = {}
    for line in container.python(LARGEST).splitlines():
        size, name = line.split(" ", 1)
        # A wheel keeps its libraries in NAME.libs, beside its package.
        package = name.removesuffix(".libs").replace("opencv_python_headless", "cv2")
        package = package.replace("pillow", "PIL")
        sizes[package] = sizes.get(package, 0) + int(size) / 1e6
    largest = sorted(sizes, key=lambda package: -sizes[package])[:10]
    figures.append("of it " + ", ".join(f"{name} {sizes[name]:.0f}" for name in largest))
    assert 100 < image - base <= 800


def test_image_leaves_out_what_serving_does_not_need(container: Container) -> None:
    absent = ("pip", "setuptools", "tensorflow", "keras", "skimage", "pytest", "train_resnet")
    code = "import importlib.util as i, sys; print([i.find_spec(n) is None for n in sys.argv[1:]])"
    listed = container.python(f"import sys; sys.argv[1:] = {[*absent, 'demo']!r}; {code}")
    assert json.loads(listed.lower()) == [True] * len(absent) + [False]
    tools = ("gcc", "cc", "make", "git", "curl")
    code = f"import shutil; print([shutil.which(n) for n in {tools}], shutil.which('python'))"
    assert container.python(code).startswith(f"{[None] * len(tools)} /opt/venv")


def test_container_has_no_rights_and_writes_only_temporary_files(
    container: Container,
) -> None:
    status = container.python("print(open('/proc/1/status').read())")
    values = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert values["Uid"].split() == ["10001"] * 4
    assert (values["CapEff"], values["NoNewPrivs"]) == ("0" * 16, "1")
    for folder in ("/app", "/opt/venv", "/", "/home"):
        with pytest.raises(subprocess.CalledProcessError) as failed:
            container.python(f"open('{folder}/written', 'w')")
        assert b"Read-only file system" in failed.value.stderr
    container.python("open('/tmp/written', 'w')")


def test_container_gives_the_same_answer_as_the_library(
    container: Container, photograph: Path, recognizer: Recognizer
) -> None:
    with photograph.open("rb") as file:
        response = httpx.post(
            f"{container.address}/api/v1/expressions", files={"file": file}, timeout=60
        )
    assert response.status_code == 200, response.text
    answer = response.json()
    [face] = answer["faces"]
    assert face["emotion"] == "happy"
    [expected] = recognizer.recognize(photograph.read_bytes())
    assert tuple(face["box"].values()) == expected.box
    assert list(face["probabilities"]) == list(EMOTIONS)
    there = np.array(list(face["probabilities"].values()))
    np.testing.assert_allclose(there, expected.probabilities, atol=1e-3)
    assert answer["model"]["sha256"] == recognizer.classifier.info["sha256"]


def test_container_passes_the_browser_tests(container: Container, figures: list[str]) -> None:
    resting, _ = container.memory()
    environment = {**os.environ, "DEMO_URL": container.address, "REQUIRE_BROWSER": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "--no-header", "tests/browser"]
    result = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    now, highest = container.memory()
    figures.append(
        f"memory {resting:.0f} MB at rest, {now:.0f} after the browser tests, {highest:.0f} at most"
    )
    assert result.returncode == 0, result.stdout
    passed = re.search(r"^(\d+) passed.*", result.stdout, re.MULTILINE)
    assert passed, result.stdout
    assert int(passed[1]) > 15
    figures.append(f"browser tests: {passed[0]}")
    assert resting < 400


def test_container_survives_pictures_beyond_its_memory(
    container: Container, photograph: Path, figures: list[str]
) -> None:
    """The largest WebP needs a gigabyte to decode; the container has only one gigabyte."""
    file = io.BytesIO()
    Image.new("RGB", (8000, 8000)).save(file, "WEBP", lossless=True)
    statuses = [
        httpx.post(
            f"{container.address}/api/v1/expressions",
            content=content,
            headers={"Content-Type": "image/webp"},
            timeout=60,
        ).status_code
        for content in (file.getvalue(), file.getvalue(), photograph.read_bytes())
    ]
    figures.append(f"two pictures of 64 megapixels, then a photograph: {statuses}")
    assert set(statuses[:2]) <= {413, 422}
    assert statuses[2] == 200
    assert container.python("print(open('/proc/1/stat').read().split()[0])").strip() == "1"


def test_container_needs_no_network(photograph: Path) -> None:
    with running(*STRICT, network="none") as alone:
        assert alone.python("import os; print(os.listdir('/sys/class/net'))").strip() == "['lo']"
        answer = json.loads(alone.python(POST, photograph.read_bytes()))
    assert [face["emotion"] for face in answer["faces"]] == ["happy"]


def test_container_stops_on_sigterm_in_time_while_busy(
    chromium: Browser, photograph: Path, tmp_path: Path, figures: list[str]
) -> None:
    large = tmp_path / "large.png"
    Image.open(photograph).resize((3000, 3000)).save(large)
    with (
        running(*STRICT, "--env=DEMO_METRICS=1") as ending,
        httpx.Client(base_url=ending.address, timeout=60) as client,
        ThreadPoolExecutor(1) as other,
    ):
        page = chromium.new_page()
        page.goto(ending.address)
        expect(page.locator("#model")).to_contain_text("Network", timeout=60_000)
        with page.expect_websocket() as opened:
            page.evaluate(
                """() => new Promise((resolve) => {
                    const address = new URL("api/v1/live", document.baseURI);
                    address.protocol = "ws:";
                    window.camera = new WebSocket(address);
                    window.camera.onopen = resolve;
                })"""
            )
        assert not opened.value.is_closed()
        path, content = "/api/v1/expressions", large.read_bytes()
        posted = other.submit(client.post, path, content=content, headers=PNG)
        while not re.search(f"^{INSIDE} 1.0$", client.get("/metrics").text, re.MULTILINE):
            assert not posted.done(), posted.result().text
        seconds, code = ending.stop()
        figures.append(
            f"SIGTERM with a browser open: ended after {seconds:.1f} s, exit code {code}"
        )
        answered = posted.result()
        page.close()
    assert seconds < 8
    assert code == 0
    assert (answered.status_code, len(answered.json()["faces"])) == (200, 1)
