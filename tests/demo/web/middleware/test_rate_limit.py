import asyncio
from collections.abc import Iterator

import pytest
from limits import RateLimitItemPerMinute
from starlette.testclient import TestClient

from demo.web.middleware.rate_limit import Count, RateLimit
from tests.demo.web.middleware.conftest import client_behind


@pytest.fixture
def limited() -> Iterator[TestClient]:
    with client_behind(RateLimit, per_minute=3, trusted_proxies=1) as client:
        yield client


def posts(client: TestClient, number: int, forwarded: str) -> list[int]:
    headers = {"X-Forwarded-For": forwarded}
    return [client.post("/", headers=headers).status_code for _ in range(number)]


def test_rate_limit_tells_a_client_how_long_to_wait(limited: TestClient) -> None:
    assert posts(limited, 4, "198.51.100.1") == [200, 200, 200, 429]
    refused = limited.post("/", headers={"X-Forwarded-For": "198.51.100.1"})
    assert refused.headers["content-type"] == "application/problem+json"
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert "at most 3 a minute" in refused.json()["detail"]
    # Other clients and free routes are still served.
    assert posts(limited, 1, "198.51.100.2") == [200]
    assert limited.get("/", headers={"X-Forwarded-For": "198.51.100.1"}).status_code == 200


def test_rate_limit_is_not_evaded_by_a_forged_x_forwarded_for(limited: TestClient) -> None:
    forged = [f"192.0.2.{number}, 198.51.100.1" for number in range(4)]
    assert [posts(limited, 1, each)[0] for each in forged] == [200, 200, 200, 429]


def test_rate_limit_ignores_x_forwarded_for_without_proxies() -> None:
    with client_behind(RateLimit, per_minute=3, trusted_proxies=0) as client:
        statuses = [posts(client, 1, f"192.0.2.{number}")[0] for number in range(4)]
    assert statuses == [200, 200, 200, 429]


def test_rate_limit_counts_an_ipv6_network_as_one_client(limited: TestClient) -> None:
    statuses = [posts(limited, 1, f"2001:db8::{number}")[0] for number in range(1, 5)]
    assert statuses == [200, 200, 200, 429]


def test_rate_limit_stays_fast_and_small_with_many_clients() -> None:
    async def count() -> float:
        limit = Count(100)
        for number in range(3000):
            await limit.hit(f"198.51.{number // 256}.{number % 256}")
        began = asyncio.get_running_loop().time()
        for _ in range(100):
            await limit.hit("203.0.113.1")
        return (asyncio.get_running_loop().time() - began) / 100

    assert asyncio.run(count()) < 0.01


def test_rate_limit_counts_per_minute() -> None:
    assert Count(7).item == RateLimitItemPerMinute(7)
