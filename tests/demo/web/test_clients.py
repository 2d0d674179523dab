from collections.abc import MutableMapping
from typing import Any

import pytest

from demo.web.clients import client_of


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
def test_client_of_trusts_the_configured_proxies(
    proxies: int, peer: str | None, forwarded: list[str], client: str
) -> None:
    assert client_of(scope(peer, *forwarded), proxies) == client
