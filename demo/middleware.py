"""What every request and answer of the server passes, the page's own included."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo.problem import problem


class BodyLimit:
    """Answers 413 to bodies over a limit, by their announced length or else by counting.

    Gradio's own limit covers uploaded files but not the data URLs in its JSON.

    Args:
        app: the application to protect.
        limit: the largest body, in bytes.
    """

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refusal = problem(413, f"The request is larger than {self.limit:,} bytes.")
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdigit() and int(announced) > self.limit:
            await refusal(scope, receive, send)
            return
        received = 0
        started = refused = False

        async def counted() -> Message:
            nonlocal received, refused
            if refused:
                return {"type": "http.disconnect"}
            message = await receive()
            received += len(message.get("body", b""))
            if received <= self.limit:
                return message
            if not started:
                refused = True
                await refusal(scope, receive, send)
            return {"type": "http.disconnect"}

        async def guarded(message: Message) -> None:
            nonlocal started
            if not refused:
                started = True
                await send(message)

        try:
            await self.app(scope, counted, guarded)
        except Exception:
            # Whatever the application makes of a body that breaks off, the answer is given.
            if not refused:
                raise


class AnswerHeaders:
    """Adds the headers that browsers and proxies need.

    `nosniff` keeps a browser from taking an uploaded file for a page; event streams ask proxies not
    to buffer them, else a live result comes in blocks of 64 KB.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Content-Type-Options"] = "nosniff"
                if headers.get("content-type", "").startswith("text/event-stream"):
                    headers["X-Accel-Buffering"] = "no"
            await send(message)

        await self.app(scope, receive, with_headers)
