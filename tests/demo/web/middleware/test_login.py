import base64
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from demo.web.middleware.login import Login
from tests.demo.web.middleware.conftest import client_behind


@pytest.fixture
def locked() -> Iterator[TestClient]:
    arguments = {"credentials": "ada:Länge läuft: 12", "trusted_proxies": 0}
    with client_behind(Login, **arguments, unlocked={"/healthz"}) as client:
        yield client


def basic(credentials: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(credentials.encode()).decode()}"}


def test_login_refuses_a_wrong_password(locked: TestClient) -> None:
    asked = locked.get("/")
    assert asked.status_code == 401
    assert asked.headers["www-authenticate"].startswith("Basic ")
    for wrong in (
        basic("ada:wrong"),
        basic("bob:Länge läuft: 12"),
        basic(""),
        {"Authorization": "Basic !"},
        {"Authorization": "Bearer abc"},
    ):
        assert locked.get("/", headers=wrong).status_code == 401
    assert locked.get("/", headers=basic("ada:Länge läuft: 12")).status_code == 200
    assert locked.post("/", headers=basic("ada:Länge läuft: 12")).status_code == 200
    assert locked.get("/healthz").status_code == 200


def test_login_limits_password_attempts(locked: TestClient) -> None:
    tries = [locked.get("/", headers=basic(f"ada:{number}")).status_code for number in range(12)]
    assert tries == 10 * [401] + 2 * [429]
    # Then even the right password is refused.
    refused = locked.get("/", headers=basic("ada:Länge läuft: 12"))
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) >= 1
    assert locked.get("/").status_code == 401
