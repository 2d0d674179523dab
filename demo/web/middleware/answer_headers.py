"""Adds headers for browsers and proxies to every answer."""

import re
import secrets

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# The page loads nothing from other sites and sends nothing to them. Only the server's own script files
# run, and scripts in the page's source with the nonce; scripts smuggled into HTML do not. Gradio needs
# the two unsafe entries: it compiles its components' templates with `new Function` and places components
# with style attributes.
_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-eval'{nonce}; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self' data:;"
    " connect-src 'self'; worker-src 'self' blob:; manifest-src 'self'; base-uri 'self';"
    " form-action 'self'; frame-ancestors {frame_ancestors}"
)

_HEADERS = {
    # Browsers must not treat an uploaded file as a page, whatever it contains.
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), display-capture=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_SCRIPT = re.compile(rb"<script(?=[\s>])")


class AnswerHeaders:
    """Adds security headers, and headers that keep proxies from buffering and storing answers.

    Args:
        app: the application.
        frame_ancestors: the sites that may show the page in a frame, in the policy's syntax.
    """

    def __init__(self, app: ASGIApp, frame_ancestors: str) -> None:
        self.app = app
        self.frame_ancestors = frame_ancestors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        https = Headers(scope=scope).get("x-forwarded-proto") == "https"
        nonce = ""
        start: Message = {}
        page = b""

        async def with_headers(message: Message) -> None:
            nonlocal nonce, start, page
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                kind = headers.get("content-type", "")
                nonce = secrets.token_urlsafe(16) if kind.startswith("text/html") else ""
                self._add(headers, kind, nonce, https)
                start = message
                if not nonce:
                    await send(message)
            elif not nonce:
                await send(message)
            else:
                # A tag may be split across two parts, so the page is sent once it is complete.
                page += message.get("body", b"")
                if not message.get("more_body", False):
                    page = _SCRIPT.sub(f'<script nonce="{nonce}"'.encode(), page)
                    if scope["method"] != "HEAD":
                        MutableHeaders(scope=start)["Content-Length"] = str(len(page))
                    await send(start)
                    await send({"type": "http.response.body", "body": page})

        await self.app(scope, receive, with_headers)

    def _add(self, headers: MutableHeaders, kind: str, nonce: str, https: bool) -> None:
        for name, value in _HEADERS.items():
            headers.setdefault(name, value)
        headers["Content-Security-Policy"] = _POLICY.format(
            nonce=f" 'nonce-{nonce}'" if nonce else "", frame_ancestors=self.frame_ancestors
        )
        if self.frame_ancestors == "'self'":
            headers["X-Frame-Options"] = "SAMEORIGIN"
        if https:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        if kind.startswith(("text/html", "application/json", "application/problem+json")):
            # The page's source has the host from the request, which the client may have forged.
            headers.setdefault("Cache-Control", "no-store")
        if kind.startswith("text/event-stream"):
            # Otherwise proxies would pass on live results in blocks of 64 KB.
            headers["X-Accel-Buffering"] = "no"
