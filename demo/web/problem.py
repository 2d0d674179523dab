"""Errors of the HTTP routes as RFC 9457 problem documents."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from pydantic import TypeAdapter
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Scope

from demo.answer import schema
from demo.web.addresses import path_of
from demo.web.service import Busy, NotReady
from preprocessing.images import ImageTooLarge, InvalidImage

MEDIA_TYPE = "application/problem+json"

# Gradio's clients upload pictures to this route.
UPLOAD_ROUTE = "/gradio_api/upload"

# Seconds after which a client should try again: loading takes a few, a picture less than one.
_LOADING_TAKES = 3
_READING_TAKES = 1


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Makes a problem document: `type`, `title`, `status`, and a `detail` for people."""
    content = schema.Problem(
        type="about:blank", title=HTTPStatus(status).phrase, status=status, detail=detail
    )
    return JSONResponse(content, status, headers, media_type=MEDIA_TYPE)


def refusal(
    scope: Scope, status: int, detail: str, headers: Mapping[str, str] | None = None
) -> Response:
    """Makes the answer to a request that is refused before it reaches a route.

    The answer is a problem document, except for uploads, because Gradio's clients show the text
    unchanged.
    """
    if path_of(scope) == UPLOAD_ROUTE:
        return PlainTextResponse(detail, status, headers)
    return problem(status, detail, headers)


def unavailable(error: Busy | NotReady) -> JSONResponse:
    """Makes a 503 answer that says after how many seconds to try again."""
    wait = _READING_TAKES if isinstance(error, Busy) else _LOADING_TAKES
    return problem(503, str(error), {"Retry-After": str(wait)})


def problem_responses(**reasons: str) -> dict[int | str, dict[str, Any]]:
    """Documents a route's error answers: `_413="..."` describes status 413."""
    content = {MEDIA_TYPE: {"schema": TypeAdapter(schema.Problem).json_schema()}}
    return {
        int(status.strip("_")): {"description": reason, "content": content}
        for status, reason in reasons.items()
    }


def answer_errors_with_problems(app: FastAPI) -> None:
    """Turns every error that the routes of an application raise into a problem document."""

    @app.exception_handler(HTTPException)
    async def refused(_: Request, error: HTTPException) -> JSONResponse:
        return problem(error.status_code, error.detail, error.headers)

    @app.exception_handler(RequestValidationError)
    async def invalid_parameter(_: Request, error: RequestValidationError) -> JSONResponse:
        wrong = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        return problem(422, f"{'; '.join(wrong)}.")

    @app.exception_handler(InvalidImage)
    async def invalid_image(_: Request, error: InvalidImage) -> JSONResponse:
        return problem(413 if isinstance(error, ImageTooLarge) else 422, str(error))

    @app.exception_handler(Busy)
    @app.exception_handler(NotReady)
    async def not_now(_: Request, error: Busy | NotReady) -> JSONResponse:
        return unavailable(error)

    @app.exception_handler(ClientDisconnect)
    async def gone(_: Request, __: ClientDisconnect) -> JSONResponse:
        return problem(400, "The connection ended before the picture was complete.")

    @app.exception_handler(Exception)
    async def unexpected(_: Request, __: Exception) -> JSONResponse:
        return problem(500, "Something went wrong on the server; its log says what.")
