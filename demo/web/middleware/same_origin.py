"""Keeps other sites' pages from sending requests through a visitor's browser."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from demo.web.clients import asks_for_work
from demo.web.problem import refusal

_FOREIGN = (
    "Pages of other sites may not send requests here. If this is the server's own page, a proxy in"
    " front of it does not pass on the header Host. Configure the proxy to send the browser's Host, or"
    " to send it as X-Forwarded-Host."
)


class SameOrigin:
    """Answers 403 to requests that another site's page sends through a visitor's browser.

    Browsers name the page's site in every such request; programs do not.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if asks_for_work(scope):
            headers = Headers(scope=scope)
            own = [headers[name] for name in ("host", "x-forwarded-host") if name in headers]
            if "origin" in headers and _host(headers["origin"]) not in own:
                await refusal(scope, 403, _FOREIGN)(scope, receive, send)
                return
        await self.app(scope, receive, send)


def _host(origin: str) -> str | None:
    """Returns the host and port of an origin; None if it has none, such as `null`."""
    try:
        return urlsplit(origin).netloc or None
    except ValueError:
        return None
