"""Who may ask: no other site's page, only who knows the password, and nobody too often."""

import base64
import binascii
import secrets
from ipaddress import IPv6Address, IPv6Network, ip_address
from math import ceil
from time import time
from urllib.parse import urlsplit

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from demo.web.addresses import path_of
from demo.web.problem import refusal

# What changes nothing and costs next to nothing.
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

# Platforms ask these without a password.
_HEALTH = ("/healthz", "/readyz")

_FOREIGN = (
    "Pages of other sites may not send requests here. If this is the server's own page, a proxy in"
    " front of it does not pass on the header Host, by which the page's site is known: let it send"
    " Host, or X-Forwarded-Host, as the browser did."
)

# Wrong passwords a minute and client, after which the right one is not taken either.
_WRONG_PASSWORDS = 10


def client_of(scope: Scope, trusted_proxies: int) -> str:
    """Who sends a request: an IPv4 address or an IPv6 network of 64 bits, which one client may own.

    Each proxy appends whom it received a request from to `X-Forwarded-For`. What the trusted ones
    appended stands at the end; all before that the client may have made up.

    Args:
        scope: of the request.
        trusted_proxies: how many proxies in front belong to the operator.

    Returns:
        The address, or "unknown" where there is none.
    """
    named = Headers(scope=scope).getlist("x-forwarded-for")
    forwarded = ",".join(named).split(",") if named else []
    if 0 < trusted_proxies <= len(forwarded):
        peer = forwarded[-trusted_proxies].strip()
    else:
        peer = scope["client"][0] if scope.get("client") else ""
    try:
        address = ip_address(peer)
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is None:
            return str(IPv6Network((address, 64), strict=False))
        address = address.ipv4_mapped
    return str(address)


class RateLimit:
    """Answers 429 to whom asks for work too often, with the seconds to wait.

    Args:
        app: the application to protect.
        per_minute: requests of one client that may cost work.
        trusted_proxies: as `client_of` takes it.
    """

    def __init__(self, app: ASGIApp, per_minute: int, trusted_proxies: int) -> None:
        self.app = app
        self.trusted_proxies = trusted_proxies
        self.count = _Count(per_minute)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if _asks_for_work(scope):
            client = client_of(scope, self.trusted_proxies)
            if not await self.count.hit(client):
                wait = await self.count.seconds(client)
                detail = (
                    f"Too many requests: at most {self.count.item.amount} a minute are taken. Try"
                    f" again in {wait} s."
                )
                answer = refusal(scope, 429, detail, {"Retry-After": str(wait)})
                await answer(scope, receive, send)
                return
        await self.app(scope, receive, send)


class SameOrigin:
    """Answers 403 to what another site's page makes a visitor's browser send.

    Browsers say with every such request which site's page sends it; programs say nothing.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if _asks_for_work(scope):
            headers = Headers(scope=scope)
            own = [headers[name] for name in ("host", "x-forwarded-host") if name in headers]
            if "origin" in headers and _host(headers["origin"]) not in own:
                await refusal(scope, 403, _FOREIGN)(scope, receive, send)
                return
        await self.app(scope, receive, send)


class Login:
    """Answers 401 without the right name and password: HTTP Basic (RFC 7617), for page and routes.

    Args:
        app: the application to protect.
        credentials: `name:password`.
        trusted_proxies: as `client_of` takes it, for counting wrong passwords.
    """

    def __init__(self, app: ASGIApp, credentials: str, trusted_proxies: int) -> None:
        self.app = app
        self.credentials = credentials.encode()
        self.trusted_proxies = trusted_proxies
        self.wrong = _Count(_WRONG_PASSWORDS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or path_of(scope) in _HEALTH:
            await self.app(scope, receive, send)
            return
        given = _basic(Headers(scope=scope).get("authorization", ""))
        client = client_of(scope, self.trusted_proxies)
        if given is not None and not await self.wrong.left(client):
            wait = await self.wrong.seconds(client)
            detail = f"Too many wrong passwords. Try again in {wait} s."
            answer = refusal(scope, 429, detail, {"Retry-After": str(wait)})
        elif given is not None and secrets.compare_digest(given, self.credentials):
            await self.app(scope, receive, send)
            return
        else:
            if given is not None:
                await self.wrong.hit(client)
            challenge = {"WWW-Authenticate": 'Basic realm="Facial expressions", charset="UTF-8"'}
            answer = refusal(scope, 401, "This needs a name and a password.", challenge)
        await answer(scope, receive, send)


def _asks_for_work(scope: Scope) -> bool:
    """Whether it is a WebSocket, or a request that may cost more than next to nothing."""
    if scope["type"] == "http":
        return scope["method"] not in _SAFE_METHODS
    return bool(scope["type"] == "websocket")


class _Count:
    """Events of each client in the last minute, as two counters: old ones weigh less and less."""

    def __init__(self, per_minute: int) -> None:
        self.item = RateLimitItemPerMinute(per_minute)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def hit(self, client: str) -> bool:
        """Counts an event, and says whether it is within the limit; one beyond it is not counted."""
        return await self._limiter.hit(self.item, client)

    async def left(self, client: str) -> bool:
        """Whether another event would be within the limit."""
        return await self._limiter.test(self.item, client)

    async def seconds(self, client: str) -> int:
        """Whole seconds until the next event may be within the limit, at least 1."""
        stats = await self._limiter.get_window_stats(self.item, client)
        return max(1, ceil(stats.reset_time - time()))


def _host(origin: str) -> str | None:
    """The host and port of an origin; None where it has none, such as `null`."""
    try:
        return urlsplit(origin).netloc or None
    except ValueError:
        return None


def _basic(header: str) -> bytes | None:
    """The name and password of an Authorization header, or None where it holds none."""
    scheme, _, content = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        return b""
