import io

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from demo.film.cuts import Cuts
from demo.film.example import SECONDS
from demo.film.reading import Film
from demo.page import example_film


@pytest.mark.slow
def test_get_example_film_is_served_and_has_no_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    app = FastAPI()
    example_film.add_example_film(app, "/page")
    with TestClient(app) as client:
        answer = client.get("/page/grace-hopper.mp4")
        assert answer.headers["content-type"] == "video/mp4"
        # It is made once.
        monkeypatch.setattr("demo.film.example.hopper_film", None)
        assert client.get("/page/grace-hopper.mp4").content == answer.content
    cuts = Cuts()
    with Film(io.BytesIO(answer.content)) as film:
        assert film.duration == pytest.approx(SECONDS, abs=0.1)
        assert not any(cuts.between(film.picture(frame).pixels) for frame in film.samples(5))
