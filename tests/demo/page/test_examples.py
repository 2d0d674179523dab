"""The examples are what their names say, and the example answer belongs to the first."""

import io

import pytest
from fastapi import FastAPI
from PIL import Image
from starlette.testclient import TestClient

from demo.answer.schema import Expressions
from demo.page.examples import EXAMPLE_ANSWER, EXAMPLES, Example, add_examples
from demo.settings import Settings
from demo.web.problem import answer_errors_with_problems
from demo.web.service import NotReady, Service
from model import Recognizer
from tests.demo.conftest import check_type


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_examples_are_pictures_of_their_stated_size(example: Example, service: Service) -> None:
    app = FastAPI()
    add_examples(app, service)
    answer = TestClient(app).get(f"/{example.address}")
    assert answer.headers["content-type"] == "image/jpeg"
    assert Image.open(io.BytesIO(answer.content)).size == (example.width, example.height)
    assert len(answer.content) < 100_000


def test_examples_with_two_faces_have_two(recognizer: Recognizer) -> None:
    assert len(recognizer.recognize(EXAMPLES[2].content())) == 2


def test_sample_is_read_once(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    app = FastAPI()
    add_examples(app, service)
    client = TestClient(app)
    answer = client.get(f"/{EXAMPLE_ANSWER}").json()
    check_type(Expressions, answer)
    assert (answer["image"]["width"], answer["image"]["height"]) == (512, 600)
    [face] = answer["faces"]
    assert face["crop"]
    monkeypatch.setattr(service, "work", None)
    assert client.get(f"/{EXAMPLE_ANSWER}").json() == answer


def test_sample_is_missing_until_the_network_is_loaded() -> None:
    app = FastAPI()
    answer_errors_with_problems(app)
    waiting = Service(Settings())
    with pytest.raises(NotReady):
        _ = waiting.recognizer
    add_examples(app, waiting)
    assert TestClient(app).get(f"/{EXAMPLE_ANSWER}").status_code == 503
