"""The page without a browser; tests/browser has the rest."""

import asyncio
import base64
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pillow_heif
import pytest
from fastapi import FastAPI
from PIL import Image
from starlette.testclient import TestClient

from demo.page import answer_html, text
from demo.page.gradio import blocks, page
from demo.service import Answer, Busy, NotReady, Service
from demo.settings import Settings
from demo.web.monitoring import Monitor
from model.labels import EMOJI, EMOTIONS
from tests.demo.conftest import encoded

DATA_URL = re.compile(r"data:image/(jpeg|png);base64,([A-Za-z0-9+/=]+)")


class Visitor:
    """Uses the page as its own script does."""

    session = "visitor"

    def __init__(self, blocks: gr.Blocks, client: TestClient) -> None:
        self.blocks = blocks
        self.client = client

    def upload(self, content: bytes, name: str) -> dict[str, Any]:
        files = {"files": (name, content, "application/octet-stream")}
        [path] = self.client.post("/gradio_api/upload", files=files).json()
        return {"path": path, "orig_name": name, "meta": {"_type": "gradio.FileData"}}

    def choose(self, file: dict[str, Any] | None) -> list[Any]:
        """The values that the page's components get: answer, JSON, its fold, picture."""
        [function] = [
            index
            for index, each in self.blocks.fns.items()
            if each.inputs and each.targets[0][1] == "input"
        ]
        body = {"fn_index": function, "data": [file], "session_hash": self.session}
        assert self.client.post("/gradio_api/queue/join", json=body).status_code == 200
        events = self.client.get(f"/gradio_api/queue/data?session_hash={self.session}").text
        messages = [json.loads(line[5:]) for line in events.splitlines() if line[:5] == "data:"]
        [completed] = [each for each in messages if each["msg"] == "process_completed"]
        assert completed["success"], completed
        return completed["output"]["data"]

    def kept(self) -> str:
        """What Gradio has kept of the visit."""
        holder = self.blocks.state_holder
        assert self.session in holder.session_data
        return json.dumps(list(holder.session_data[self.session].components), default=str)


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the page's files."""
    folder = tmp_path / "gradio"
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(folder))
    return folder


def visit(service: Any) -> Iterator[Visitor]:
    settings = Settings()
    blocks = page.build(service, settings, Monitor(settings, lambda: service.inside))
    app = gr.mount_gradio_app(FastAPI(), blocks, path="/", **page.appearance(Settings()))
    blocks.has_launched = True
    with TestClient(app) as client:
        yield Visitor(blocks, client)


@pytest.fixture
def visitor(service: Service) -> Iterator[Visitor]:
    yield from visit(service)


@pytest.fixture(scope="module")
def two(service: Service, two_people: bytes) -> Answer:
    return service.read(two_people, explain=True)


def test_a_picture_is_answered(visitor: Visitor, two_people: bytes) -> None:
    answer, values, fold, picture = visitor.choose(visitor.upload(two_people, "two.jpg"))
    assert "2 faces" in answer
    assert values["faces"][0]["emotion"] == "happy"
    assert fold["visible"] is True
    assert picture["path"].endswith("two.jpg")


def test_what_browsers_cannot_show_is_shown_decoded(
    visitor: Visitor, astronaut: np.ndarray
) -> None:
    heic = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(astronaut)).save(heic)
    answer, _, _, picture = visitor.choose(visitor.upload(heic.getvalue(), "IMG_0001.HEIC"))
    assert "One face" in answer
    shown = visitor.client.get(picture["url"])
    assert Image.open(io.BytesIO(shown.content)).format == "JPEG"


def test_taking_a_picture_away_takes_its_answer_away(visitor: Visitor) -> None:
    answer, values, fold, _ = visitor.choose(None)
    assert "appear here" in answer
    assert values is None
    assert fold["visible"] is False


def test_an_unreadable_picture_gets_a_sentence_and_goes(visitor: Visitor) -> None:
    answer, values, fold, picture = visitor.choose(visitor.upload(b"no picture", "cat.jpg"))
    assert "This is not a picture this program can read." in answer
    assert "cat.jpg" not in answer
    assert values is None
    assert fold["visible"] is False
    assert picture is None


@pytest.mark.parametrize("error", [NotReady("Still being loaded."), Busy("Too many.")])
def test_a_server_that_cannot_answer_says_so(
    error: Exception, service: Service, happy: bytes
) -> None:
    def submit(*_: Any) -> Answer:
        raise error

    unable = SimpleNamespace(capacity=1, inside=0, recognizer=service.recognizer, submit=submit)
    for visitor in visit(unable):
        answer, _, _, picture = visitor.choose(visitor.upload(happy, "happy.jpg"))
        assert str(error) in answer
        # It stays, to be tried again.
        assert picture == {"__type__": "update"}


def test_nothing_of_a_picture_is_kept_in_memory(
    visitor: Visitor, two_people: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.choose(visitor.upload(two_people, "two.jpg"))
    kept = visitor.kept()
    assert "two.jpg" not in kept
    assert "data:image" not in kept
    assert "detection_score" not in kept
    # Which is this page's doing.
    monkeypatch.setattr(blocks, "_forget", lambda *_: None)
    visitor.choose(visitor.upload(two_people, "two.jpg"))
    assert "two.jpg" in visitor.kept()
    assert "data:image" in visitor.kept()


def test_a_picture_that_waited_until_it_was_deleted_is_asked_for_again(
    visitor: Visitor, happy: bytes, files: Path
) -> None:
    upload = visitor.upload(happy, "happy.jpg")
    [path] = [path for path in files.rglob("*") if path.is_file()]
    path.unlink()
    answer, values, _, picture = visitor.choose(upload)
    assert "has been deleted. Choose it again." in answer
    assert values is None
    assert picture is None


def test_the_example_is_not_among_the_files_that_are_deleted(
    visitor: Visitor, hopper_path: Path
) -> None:
    config = visitor.client.get("/config").json()
    [dataset] = [each for each in config["components"] if each["type"] == "dataset"]
    [[example]] = dataset["props"]["samples"]
    assert Path(example["path"]) == hopper_path
    assert visitor.client.get(example["url"]).content == hopper_path.read_bytes()
    answer, *_ = visitor.choose(example)
    assert "One face" in answer


def test_the_inner_calls_are_not_offered_as_an_api(visitor: Visitor) -> None:
    offered = visitor.client.get("/gradio_api/info").json()
    assert list(offered["named_endpoints"]) == ["/expressions"]
    assert offered["unnamed_endpoints"] == {}
    assert visitor.client.get("/config").json()["footer_links"] == []


def test_nothing_is_loaded_from_elsewhere(visitor: Visitor) -> None:
    for path in ("/", "/theme.css"):
        source = visitor.client.get(path).text
        assert not re.findall(r"(?:src|href)=\"https?://(?!testserver)[^\"]*\"", source)
        assert not re.findall(r"@import[^;]*http|url\(['\"]?http", source)
    config = visitor.client.get("/config").json()
    assert all(not sheet.startswith("http") for sheet in config["stylesheets"])
    assert config["analytics_enabled"] is False
    assert config["run_history"] is False


def test_the_page_says_what_happens_to_pictures_before_they_are_asked_for(
    visitor: Visitor,
) -> None:
    components = visitor.client.get("/config").json()["components"]
    order = {
        each["props"].get("elem_id") or each["props"].get("value"): each for each in components
    }
    names = list(order)
    assert names.index(text.NOTE) < names.index("picture")
    assert "not an emotion felt" in text.NOTE
    assert order["picture"]["props"]["webcam_options"]["mirror"] is False


@pytest.mark.parametrize("uncertain", [False, True])
def test_charts_are_drawn_for_the_page(uncertain: bool) -> None:
    request = {"probabilities": [0.1, 0.1, 0.1, 0.4, 0.1, 0.1, 0.1], "uncertain": uncertain}
    kind, data = DATA_URL.fullmatch(page.chart(request)).groups()  # type: ignore[union-attr]
    assert kind == "png"
    assert Image.open(io.BytesIO(base64.b64decode(data))).size == (900, 600)


@pytest.mark.parametrize(
    "probabilities", [[], [0.5] * 6, [2.0] * 7, [float("nan")] * 7, [[0.1] * 7], "angry"]
)
def test_no_chart_of_what_are_no_probabilities(probabilities: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  NumPy's or this page's
        page.chart({"probabilities": probabilities, "uncertain": False})


def test_an_answer_has_a_box_a_card_and_a_panel_for_each_face(two: Answer) -> None:
    html = answer_html.render(two)
    assert html.count('class="fx-box') == html.count('class="fx-face"') == 2
    panels = re.findall(r'data-panel="(\d)"( hidden)?>', html)
    assert panels == [("0", " hidden"), ("1", "")]
    assert html.count('aria-pressed="true"') == 2
    for emotion in EMOTIONS:
        assert html.count(f"</span> {emotion}</th>") == 2
        assert EMOJI[emotion] in html
    for _, data in DATA_URL.findall(html):
        Image.open(io.BytesIO(base64.b64decode(data))).load()


def test_crops_are_shown_as_the_network_saw_them(two: Answer) -> None:
    crops = re.findall(
        r'class="fx-crop" src="data:image/png;base64,([^"]+)"', answer_html.render(two)
    )
    for face, crop in zip(two.faces, crops, strict=True):
        pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(crop))))
        np.testing.assert_array_equal(pixels, face.crop)


def test_an_uncertain_face_is_called_so(two: Answer) -> None:
    face = replace(two.faces[0], uncertain=True)
    html = answer_html.render(Answer(two.picture, [face]))
    assert f"<h3>Face 1: {face.summary}</h3>" in html
    assert f"happy or {face.second}?" in html


def test_no_face_says_what_to_try(two: Answer) -> None:
    html = answer_html.render(Answer(two.picture, []))
    for hint in ("No face found", "turn the face to the camera", "more light", "come closer"):
        assert hint in html


def test_the_first_choice_is_large_and_central(two: Answer) -> None:
    face = two.faces[0]

    def choice(*boxes: tuple[int, int, int, int]) -> int:
        faces = [replace(face, box=box) for box in boxes]
        return answer_html.first_choice(Answer(two.picture, faces))

    width, height = two.picture.width, two.picture.height
    assert choice((10, 10, 50, 50), (400, 200, 100, 100)) == 1
    assert choice((0, 0, 100, 100), (width // 2 - 50, height // 2 - 50, 100, 100)) == 1
    assert choice((10, 10, 200, 200), (500, 250, 60, 60)) == 0


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_the_verdict_counts_faces(two: Answer, count: int) -> None:
    verdict = answer_html.verdict(Answer(two.picture, two.faces[:1] * count))
    assert verdict.startswith("One face: " if count == 1 else f"{count} faces")
    assert ("happy" in verdict) is (count <= 3)


def test_a_problem_is_shown_as_text() -> None:
    assert "&lt;script&gt;" in answer_html.problem("<script>alert(1)</script>")


def test_a_picture_without_a_face_is_no_error(visitor: Visitor) -> None:
    wall = encoded(np.full((300, 400, 3), 127, np.uint8))
    answer, values, fold, _ = visitor.choose(visitor.upload(wall, "wall.jpg"))
    assert "No face found" in answer
    assert values["faces"] == []
    assert fold["visible"] is True


def test_a_defect_is_recorded_as_one(service: Service, happy: bytes, tmp_path: Path) -> None:
    def submit(*_: Any) -> Answer:
        raise RuntimeError("secret")

    recorded: list[int] = []
    unable: Any = SimpleNamespace(submit=submit)
    monitor: Any = SimpleNamespace(record=lambda *fields, **_: recorded.append(fields[2]))
    picture = tmp_path / "happy.jpg"
    picture.write_bytes(happy)
    with pytest.raises(RuntimeError):
        asyncio.run(page._read(unable, monitor, {"path": str(picture)}))
    asyncio.run(page._read(service, monitor, {"path": str(picture)}))
    assert recorded == [500, 200]
