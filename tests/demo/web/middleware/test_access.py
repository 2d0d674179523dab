import asyncio
import base64
from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
from limits import RateLimitItemPerMinute
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from demo.web.clients import client_of
from demo.web.middleware.login import Login
from demo.web.middleware.rate_limit import Count, RateLimit
from demo.web.middleware.same_origin import SameOrigin


def scope(peer: str | None, *forwarded: str) -> MutableMapping[str, Any]:
    headers = [(b"x-forwarded-for", each.encode()) for each in forwarded]
    return {"client": (peer, 1234) if peer else None, "headers": headers}


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "client"),
    [
        (0, "203.0.113.1", [], "203.0.113.1"),
        (0, "203.0.113.1", ["198.51.100.9"], "203.0.113.1"),
        (1, "10.0.0.1", ["203.0.113.1"], "203.0.113.1"),
        (1, "10.0.0.1", ["198.51.100.9, 203.0.113.1"], "203.0.113.1"),
        (1, "10.0.0.1", ["198.51.100.9", "203.0.113.1"], "203.0.113.1"),
        (2, "10.0.0.1", ["198.51.100.9, 203.0.113.1, 10.0.0.2"], "203.0.113.1"),
        (2, "10.0.0.1", ["203.0.113.1"], "10.0.0.1"),
        (1, "10.0.0.1", [], "10.0.0.1"),
        (1, "10.0.0.1", ["203.0.113.1, <script>"], "unknown"),
        (0, "2001:db8:1:2:3:4:5:6", [], "2001:db8:1:2::/64"),
        (0, "::ffff:203.0.113.1", [], "203.0.113.1"),
        (0, None, [], "unknown"),
    ],
)
def test_a_client_is_whom_the_trusted_proxies_name(
    proxies: int, peer: str | None, forwarded: list[str], client: str
) -> None:
    assert client_of(scope(peer, *forwarded), proxies) == client


def answer(_: Any) -> PlainTextResponse:
    return PlainTextResponse("done")


def application(middleware: Any, **arguments: Any) -> TestClient:
    routes = [Route(path, answer, methods=["GET", "POST"]) for path in ("/", "/healthz")]
    app = Starlette(routes=routes)
    app.add_middleware(middleware, **arguments)
    return TestClient(app, client=("203.0.113.1", 50_000))


@pytest.fixture
def limited() -> Iterator[TestClient]:
    with application(RateLimit, per_minute=3, trusted_proxies=1) as client:
        yield client


def posts(client: TestClient, number: int, forwarded: str) -> list[int]:
    headers = {"X-Forwarded-For": forwarded}
    return [client.post("/", headers=headers).status_code for _ in range(number)]


def test_a_client_beyond_its_rate_is_told_how_long_to_wait(limited: TestClient) -> None:
    assert posts(limited, 4, "198.51.100.1") == [200, 200, 200, 429]
    refused = limited.post("/", headers={"X-Forwarded-For": "198.51.100.1"})
    assert refused.headers["content-type"] == "application/problem+json"
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert "at most 3 a minute" in refused.json()["detail"]
    # Others are served, and so is what costs nothing.
    assert posts(limited, 1, "198.51.100.2") == [200]
    assert limited.get("/", headers={"X-Forwarded-For": "198.51.100.1"}).status_code == 200


def test_a_forged_x_forwarded_for_evades_nothing(limited: TestClient) -> None:
    forged = [f"192.0.2.{number}, 198.51.100.1" for number in range(4)]
    assert [posts(limited, 1, each)[0] for each in forged] == [200, 200, 200, 429]


def test_without_proxies_nobodys_x_forwarded_for_is_believed() -> None:
    with application(RateLimit, per_minute=3, trusted_proxies=0) as client:
        statuses = [posts(client, 1, f"192.0.2.{number}")[0] for number in range(4)]
    assert statuses == [200, 200, 200, 429]


def test_the_addresses_of_one_ipv6_network_are_one_client(limited: TestClient) -> None:
    statuses = [posts(limited, 1, f"2001:db8::{number}")[0] for number in range(1, 5)]
    assert statuses == [200, 200, 200, 429]


def test_many_clients_cost_neither_time_nor_lasting_memory() -> None:
    async def count() -> float:
        limit = Count(100)
        for number in range(3000):
            await limit.hit(f"198.51.{number // 256}.{number % 256}")
        began = asyncio.get_running_loop().time()
        for _ in range(100):
            await limit.hit("203.0.113.1")
        return (asyncio.get_running_loop().time() - began) / 100

    assert asyncio.run(count()) < 0.01


def test_the_rate_is_of_a_minute() -> None:
    assert Count(7).item == RateLimitItemPerMinute(7)


@pytest.fixture
def same_origin() -> Iterator[TestClient]:
    with application(SameOrigin) as client:
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
def test_only_the_pages_own_site_may_send_requests(
    same_origin: TestClient, headers: dict[str, str], status: int
) -> None:
    assert same_origin.post("/", headers=headers).status_code == status
    assert same_origin.get("/", headers=headers).status_code == 200


@pytest.fixture
def locked() -> Iterator[TestClient]:
    with application(Login, credentials="ada:Länge läuft: 12", trusted_proxies=0) as client:
        yield client


def basic(credentials: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(credentials.encode()).decode()}"}


def test_a_login_keeps_out_who_does_not_know_the_password(locked: TestClient) -> None:
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


def test_passwords_cannot_be_tried_without_end(locked: TestClient) -> None:
    tries = [locked.get("/", headers=basic(f"ada:{number}")).status_code for number in range(12)]
    assert tries == 10 * [401] + 2 * [429]
    # Not even the right one tells then.
    refused = locked.get("/", headers=basic("ada:Länge läuft: 12"))
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) >= 1
    assert locked.get("/").status_code == 401
