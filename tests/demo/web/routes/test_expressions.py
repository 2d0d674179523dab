import asyncio
import base64
import io
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus

import numpy as np
import pillow_heif
import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from PIL import Image
from starlette.testclient import TestClient

from demo.answer import schema
from demo.answer.as_json import to_json
from demo.settings import Settings
from demo.web.api import add_routes
from demo.web.middleware.body_limit import BodyLimit
from demo.web.monitor import Monitor
from demo.web.routes.health import VERSION
from demo.web.service import Service
from tests.demo.conftest import check_type, encoded, wait_until

ROUTE = "/api/v1/expressions"


def application(service: Service, settings: Settings | None = None) -> FastAPI:
    """The routes without the page, which has its own tests."""
    settings = settings or Settings()
    app = FastAPI(title="Test", version=VERSION, openapi_url="/api/openapi.json", docs_url=None)
    add_routes(app, service, settings, Monitor(settings, lambda: service.inside))
    largest = settings.max_upload_bytes + 65_536
    app.add_middleware(BodyLimit, limit=largest, at_once=10 * largest, pictures={ROUTE})
    return app


@pytest.fixture
def client(service: Service) -> Iterator[TestClient]:
    with TestClient(application(service), raise_server_exceptions=False) as client:
        yield client


def check_problem(response: object, status: int, *words: str) -> None:
    """Checks that an answer is a problem document with this status and these words."""
    assert response.status_code == status, response.text  # type: ignore[attr-defined]
    assert response.headers["content-type"] == "application/problem+json"  # type: ignore[attr-defined]
    content = response.json()  # type: ignore[attr-defined]
    check_type(schema.Problem, content)
    assert content["type"] == "about:blank"
    assert (content["status"], content["title"]) == (status, HTTPStatus(status).phrase)
    for word in words:
        assert word in content["detail"]


def form(content: bytes, kind: str | None = "image/jpeg") -> dict[str, object]:
    return {"file": ("picture", content, kind) if kind else ("picture", content)}


def test_post_expressions_answers_a_form_and_a_body_as_documented(
    client: TestClient, service: Service, two_people: bytes
) -> None:
    expected = to_json(service.read(two_people), service.recognizer.classifier)
    by_form = client.post(ROUTE, files=form(two_people))
    by_body = client.post(ROUTE, content=two_people, headers={"Content-Type": "image/jpeg"})
    for response in (by_form, by_body):
        assert response.status_code == 200
        assert response.headers["content-type"] == "application/json"
        assert response.json() == expected
        check_type(schema.Expressions, response.json())


@pytest.mark.parametrize("kind", ["application/octet-stream", "image/png", "IMAGE/JPEG; q=1", None])
def test_post_expressions_recognises_a_forms_file_by_its_content(
    client: TestClient, happy: bytes, kind: str | None
) -> None:
    [face] = client.post(ROUTE, files=form(happy, kind)).json()["faces"]
    assert face["emotion"] == "happy"


def test_post_expressions_takes_a_forms_file_without_a_type(
    client: TestClient, happy: bytes
) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
    response = client.post(
        ROUTE,
        content=head + happy + b"\r\n--b--\r\n",
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )
    assert [face["emotion"] for face in response.json()["faces"]] == ["happy"]


def test_post_expressions_gives_an_empty_list_without_a_face(
    client: TestClient, empty_room: bytes
) -> None:
    response = client.post(ROUTE, files=form(empty_room))
    assert response.status_code == 200
    assert response.json()["faces"] == []


def test_post_expressions_explains(client: TestClient, happy: bytes) -> None:
    answer = client.post(f"{ROUTE}?explain=1", files=form(happy))
    [face] = answer.json()["faces"]
    check_type(schema.Face, face)
    assert np.shape(face["attention"]) == (48, 48)
    assert face["crop"]
    assert len(answer.content) < 150_000


@pytest.mark.slow
def test_post_expressions_gives_a_preview_of_formats_browsers_cannot_show(
    client: TestClient, astronaut: np.ndarray
) -> None:
    heic = io.BytesIO()
    large = Image.fromarray(astronaut).resize((2000, 1500))
    pillow_heif.from_pillow(large).save(heic)
    answer = client.post(f"{ROUTE}?preview=1", files=form(heic.getvalue())).json()
    check_type(schema.Expressions, answer)
    assert (answer["image"]["width"], answer["image"]["height"]) == (2000, 1500)
    preview = Image.open(io.BytesIO(base64.b64decode(answer["image"]["preview"])))
    assert (preview.format, preview.size) == ("JPEG", (1280, 960))


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("image/png", "image/png"),
        ("image/jpeg", "image/jpeg"),
        ("image/*", "image/png"),
        ("image/png;q=0.5, image/jpeg", "image/jpeg"),
        ("application/json;q=0.5, image/png", "image/png"),
        ("image/png;q=0.5, application/json", "application/json"),
        ("application/json", "application/json"),
        ("*/*", "application/json"),
        ("image/png, */*;q=0.1", "image/png"),
        ("image/png;q=0", "application/json"),
        ("image/png;q=high", "application/json"),
        ("text/html", "application/json"),
        ("", "application/json"),
    ],
)
def test_post_expressions_gives_the_annotated_picture_if_preferred(
    client: TestClient, two_people: bytes, accept: str, kind: str
) -> None:
    response = client.post(ROUTE, files=form(two_people), headers={"Accept": accept})
    assert response.status_code == 200
    assert response.headers["vary"] == "Accept"
    assert response.headers["content-type"] == kind
    if kind == "application/json":
        assert len(response.json()["faces"]) == 2
        return
    drawn = np.asarray(Image.open(io.BytesIO(response.content)).convert("RGB"), int)
    original = np.asarray(Image.open(io.BytesIO(two_people)), int)
    assert drawn.shape == original.shape
    changed = (abs(drawn - original).max(axis=2) > 30).mean()
    assert 0.001 < changed < 0.5, "boxes and labels change some of the picture"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"This is text.", "not a picture"),
        (b"\xff\xd8\xff\xe0 and nothing more", "more than a tenth"),
        (encoded(np.zeros((1, 1, 3), np.uint8), "PNG"), "too small"),
    ],
    ids=["empty", "text", "truncated", "1x1"],
)
def test_post_expressions_answers_422_to_an_unreadable_picture(
    client: TestClient, content: bytes, words: str
) -> None:
    check_problem(client.post(ROUTE, files=form(content)), 422, words)
    by_body = client.post(ROUTE, content=content, headers={"Content-Type": "image/jpeg"})
    check_problem(by_body, 422, words)


def test_post_expressions_answers_422_to_a_truncated_jpeg(client: TestClient, happy: bytes) -> None:
    check_problem(client.post(ROUTE, files=form(happy[: len(happy) // 3])), 422, "cut off")


def test_post_expressions_answers_422_to_a_form_without_exactly_one_file(
    client: TestClient, happy: bytes
) -> None:
    check_problem(
        client.post(ROUTE, files={"photo": ("a.jpg", happy, "image/jpeg")}), 422, "'file'"
    )
    check_problem(client.post(ROUTE, files={"file": (None, "text")}), 422, "'file'")
    check_problem(client.post(ROUTE, files=[("file", happy), ("file", happy)]), 422, "Received: 2")
    broken = client.post(ROUTE, content=happy, headers={"Content-Type": "multipart/form-data"})
    check_problem(broken, 422, "form cannot be read")


def test_post_expressions_answers_422_to_a_parameter_that_is_not_boolean(
    client: TestClient, happy: bytes
) -> None:
    check_problem(client.post(f"{ROUTE}?explain=perhaps", files=form(happy)), 422, "explain")


@pytest.mark.parametrize("kind", ["text/plain", "application/pdf", "video/mp4"])
def test_post_expressions_answers_415_to_other_types(
    client: TestClient, happy: bytes, kind: str
) -> None:
    check_problem(client.post(ROUTE, files=form(happy, kind)), 415, kind)
    by_body = client.post(ROUTE, content=happy, headers={"Content-Type": kind})
    check_problem(by_body, 415, kind)


def test_post_expressions_answers_415_to_a_body_without_a_type(
    client: TestClient, happy: bytes
) -> None:
    check_problem(client.post(ROUTE, content=happy), 415, "no Content-Type")
    by_urlencoded = client.post(ROUTE, data={"file": "picture"})
    check_problem(by_urlencoded, 415, "application/x-www-form-urlencoded")


def test_post_expressions_answers_413_to_too_many_bytes(client: TestClient) -> None:
    over, far_over = bytes(20_000_001), bytes(30_000_000)
    for content in (over, far_over):
        check_problem(client.post(ROUTE, files=form(content)), 413)
        by_body = client.post(ROUTE, content=content, headers={"Content-Type": "image/jpeg"})
        check_problem(by_body, 413)


def test_post_expressions_takes_its_limit_from_the_settings(service: Service, happy: bytes) -> None:
    settings = Settings(max_upload_bytes=len(happy) - 1)
    with TestClient(application(service, settings)) as client:
        check_problem(client.post(ROUTE, files=form(happy)), 413, f"{len(happy) - 1:,}")
    with TestClient(application(service, Settings(max_upload_bytes=len(happy)))) as client:
        assert client.post(ROUTE, files=form(happy)).status_code == 200


@pytest.mark.slow
def test_post_expressions_answers_413_to_a_decompression_bomb(client: TestClient) -> None:
    bomb = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(bomb, "PNG")
    assert len(bomb.getvalue()) < 1_000_000
    started = time.monotonic()
    check_problem(client.post(ROUTE, files=form(bomb.getvalue(), "image/png")), 413, "megapixels")
    assert time.monotonic() - started < 2


def test_api_answers_404_and_405_to_other_paths_and_methods(client: TestClient) -> None:
    check_problem(client.get("/api/v1/nothing"), 404, "/api/docs")
    check_problem(client.post("/api/v2/expressions"), 404)
    for method in ("GET", "PUT", "DELETE", "PATCH", "PROPFIND"):
        response = client.request(method, ROUTE)
        check_problem(response, 405, method)
        assert response.headers["allow"] == "POST"
    assert client.post("/api/v1/version").headers["allow"] == "GET"


def test_post_expressions_answers_500_to_a_defect_and_reveals_nothing(
    client: TestClient, service: Service, monkeypatch: pytest.MonkeyPatch, happy: bytes
) -> None:
    def defect(*_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(service, "submit", defect)
    response = client.post(ROUTE, files=form(happy))
    check_problem(response, 500)
    assert "secret" not in response.text


def test_api_answers_503_before_the_network_is_loaded(happy: bytes) -> None:
    service = Service(Settings())
    with TestClient(application(service)) as client:
        assert client.get("/healthz").status_code == 200
        for response in (
            client.get("/readyz"),
            client.get("/api/v1/version"),
            client.post(ROUTE, files=form(happy)),
        ):
            check_problem(response, 503, "loaded")
            assert int(response.headers["retry-after"]) > 0
        service.start()
        wait_until(lambda: client.get("/readyz").status_code == 200)
        assert client.post(ROUTE, files=form(happy)).status_code == 200


def test_get_version_names_the_network(client: TestClient, service: Service) -> None:
    content = client.get("/api/v1/version").json()
    check_type(schema.Version, content)
    assert content["api"] == VERSION
    assert content["model"]["sha256"] == service.recognizer.classifier.sha256


def test_get_health_answers_at_once_under_load(
    service: Service, monkeypatch: pytest.MonkeyPatch, happy: bytes
) -> None:
    gate = threading.Event()
    recognize = service.recognizer.recognize

    def held(*arguments: object, **options: object) -> object:
        assert gate.wait(30)
        return recognize(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(service.recognizer, "recognize", held)

    async def scenario() -> tuple[list[int], list[str | None], float]:
        transport = ASGITransport(application(service))
        async with AsyncClient(transport=transport, base_url="http://test") as client:
            requests = [
                asyncio.create_task(client.post(ROUTE, files=form(happy)))
                for _ in range(service.capacity + 10)
            ]
            try:
                async with asyncio.timeout(30):
                    while sum(request.done() for request in requests) < 10:
                        await asyncio.sleep(0.01)
                started = time.monotonic()
                assert (await client.get("/healthz")).status_code == 200
                seconds = time.monotonic() - started
            finally:
                gate.set()
            responses = await asyncio.gather(*requests)
        refused = [response for response in responses if response.status_code == 503]
        for response in refused:
            check_problem(response, 503, "waiting")
        waits = [response.headers.get("retry-after") for response in refused]
        return [response.status_code for response in responses], waits, seconds

    statuses, waits, seconds = asyncio.run(scenario())
    assert sorted(statuses) == [200] * service.capacity + [503] * 10
    assert waits == ["1"] * 10
    assert seconds < 0.5


def test_post_expressions_answers_ten_good_and_two_bad_requests_at_once(
    client: TestClient, happy: bytes
) -> None:
    pictures = [happy] * 10 + [b"text", happy[:2000]]
    with ThreadPoolExecutor(12) as threads:
        responses = list(threads.map(lambda p: client.post(ROUTE, files=form(p)), pictures))
    assert [response.status_code for response in responses] == [200] * 10 + [422] * 2
