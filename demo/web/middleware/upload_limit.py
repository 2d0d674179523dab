"""Refuses uploads while their folder is full."""

import asyncio

from starlette.types import ASGIApp, Receive, Scope, Send

from demo.web.addresses import path_of
from demo.web.problem import UPLOAD_ROUTE, refusal
from demo.web.uploads import MAX_AGE, Uploads


class UploadLimit:
    """Answers 503 to uploads when the folder is full."""

    def __init__(self, app: ASGIApp, uploads: Uploads) -> None:
        self.app = app
        self.uploads = uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] == "http"
            and path_of(scope) == UPLOAD_ROUTE
            and await asyncio.to_thread(self.uploads.bytes) >= self.uploads.limit
        ):
            detail = "Too many pictures arrived at once; try again in 20 seconds."
            answer = refusal(scope, 503, detail, {"Retry-After": str(MAX_AGE)})
            await answer(scope, receive, send)
            return
        await self.app(scope, receive, send)
