from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from demo.web.middleware.same_origin import SameOrigin
from tests.demo.web.middleware.conftest import client_behind


@pytest.fixture
def same_origin() -> Iterator[TestClient]:
    with client_behind(SameOrigin) as client:
        yield client


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://testserver"}, 200),
        ({"Origin": "https://testserver"}, 200),
        ({"Origin": "https://faces.example", "X-Forwarded-Host": "faces.example"}, 200),
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Origin": "https://testserver.elsewhere.example"}, 403),
        ({"Origin": "http://testserver:8080"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"Origin": "http://[broken"}, 403),
    ],
)
def test_same_origin_refuses_requests_from_other_sites(
    same_origin: TestClient, headers: dict[str, str], status: int
) -> None:
    assert same_origin.post("/", headers=headers).status_code == status
    assert same_origin.get("/", headers=headers).status_code == 200
