"""A name and a password for the page and the routes."""

import base64
import binascii
import secrets
from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from demo.web.addresses import path_of
from demo.web.clients import client_of
from demo.web.middleware.rate_limit import Count
from demo.web.problem import refusal

# After this many wrong passwords in a minute, a client is refused even with the right one.
_WRONG_PASSWORDS = 10


class Login:
    """Answers 401 without the right name and password: HTTP Basic (RFC 7617), for page and routes.

    Args:
        app: the application to protect.
        credentials: `name:password`.
        trusted_proxies: see `client_of`; wrong passwords are counted per client.
        unlocked: the paths of the routes that need no password.
    """

    def __init__(
        self, app: ASGIApp, credentials: str, trusted_proxies: int, unlocked: Collection[str]
    ) -> None:
        self.app = app
        self.credentials = credentials.encode()
        self.trusted_proxies = trusted_proxies
        self.unlocked = unlocked
        self.wrong = Count(_WRONG_PASSWORDS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or path_of(scope) in self.unlocked:
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


def _basic(header: str) -> bytes | None:
    """Returns the `name:password` of an Authorization header, or None if it has none."""
    scheme, _, content = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        return b""
