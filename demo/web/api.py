"""The HTTP routes: expressions of a picture, health, version, and their documentation."""

import asyncio
import sys
from functools import partial
from typing import Annotated, Any

import cv2
from fastapi import FastAPI, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from fastapi.routing import APIRoute, APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from demo.answer import model_json, to_json
from demo.drawing import annotate
from demo.service import Service, read
from demo.settings import Settings
from demo.web import docs, problem, schema
from demo.web.addresses import path_of, public_address
from demo.web.films import Films
from demo.web.live import LiveViews
from demo.web.monitoring import Monitor
from model import Recognizer
from preprocessing.images import ImageTooLarge

VERSION = "1.0.0"

# Parts of a form, of each kind; one is used.
_MOST_PARTS = 20

_PICTURE = {"type": "string", "format": "binary"}
_BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {"file": _PICTURE},
            }
        },
        "image/*": {"schema": _PICTURE},
    },
}


def _problems(**reasons: str) -> dict[int | str, dict[str, Any]]:
    """Documents the error answers of a route: `_413="..."` describes status 413."""
    content = {problem.MEDIA_TYPE: {"schema": schema.Problem.model_json_schema()}}
    return {
        int(status.strip("_")): {"description": reason, "content": content}
        for status, reason in reasons.items()
    }


_UNAVAILABLE = "The network is still being loaded; `Retry-After` says when to ask again."


def add_routes(app: FastAPI, service: Service, settings: Settings, monitor: Monitor) -> None:
    """Gives an application the routes under `/api`, `/healthz`, `/readyz`, and `/metrics` if wanted.

    What else is asked for under `/api` is answered 404, or 405 where only the method is wrong, even
    where the page is mounted at `/` afterwards.
    """
    router = APIRouter()
    _add_expressions(router, service, settings.max_upload_bytes)
    _add_state(router, service)
    LiveViews(service, settings.live_views).add_route(router)
    Films(service, settings).add_route(router)

    @router.get("/api/docs", include_in_schema=False, response_class=HTMLResponse)
    async def documentation(request: Request) -> str:
        return docs.page(app.openapi(), public_address(request.scope).rstrip("/"))

    if settings.metrics:

        @router.get("/metrics", include_in_schema=False)
        async def metrics() -> Response:
            return Response(monitor.exposition(), media_type=CONTENT_TYPE_LATEST)

    app.include_router(router)
    nothing_there = _NothingThere(router)
    app.mount("/api", nothing_there)
    for path in ("/api", *(route.path for route in nothing_there.routes)):
        app.router.routes.append(Route(path, nothing_there))
    problem.answer_errors_with_problems(app)


def _add_expressions(router: APIRouter, service: Service, limit: int) -> None:
    @router.post(
        "/api/v1/expressions",
        response_model=schema.Expressions,
        response_description="The faces from left to right; none is an empty list.",
        responses={
            200: {"content": {"image/png": {"schema": _PICTURE}}},
            **_problems(
                _400="The connection ended before the picture was complete.",
                _403="Another site's page makes the browser send this.",
                _408="The picture comes too slowly.",
                _413="The picture has too many bytes or too many pixels.",
                _415="The body is neither a form nor an image, or the form's file is no image.",
                _422="The picture cannot be read, the form has no `file`, or `explain` is no boolean.",
                _429="This client sent too many requests; `Retry-After` says when to ask again.",
                _503="The network is still being loaded, or too many pictures are waiting; "
                "`Retry-After` says when to ask again.",
            ),
        },
        openapi_extra={"requestBody": _BODY},
    )
    async def expressions(
        request: Request,
        explain: Annotated[
            bool, Query(description="Also give each face's `attention` and `crop`.")
        ] = False,
    ) -> Response:
        """The expression of every face in a picture.

        Send the picture as the field `file` of a form, or as the body itself. With
        `Accept: image/png` the answer is the picture with its faces boxed and named.
        """
        service.check()  # before the body, which may be large
        picture = await _picture_of(request, limit)
        answer = _as_picture if _prefers_png(request.headers.get("accept", "")) else _as_json
        task = service.submit(partial(answer, picture, explain))
        response, request.state.faces = await asyncio.wrap_future(task)
        return response


def _add_state(router: APIRouter, service: Service) -> None:
    @router.get("/api/v1/version", responses=_problems(_503=_UNAVAILABLE))
    async def version() -> schema.Version:
        """The version of these routes and of the network behind them."""
        model = schema.Model(**model_json(service.recognizer.classifier))
        return schema.Version(api=VERSION, model=model)

    @router.get("/healthz")
    async def healthz() -> schema.Status:
        """200 while the process lives."""
        return schema.Status(status="alive")

    @router.get("/readyz", responses=_problems(_503=_UNAVAILABLE))
    async def readyz() -> schema.Status:
        """200 once the network is loaded and has classified a face."""
        _ = service.recognizer  # raises NotReady
        return schema.Status(status="ready")


class _NothingThere:
    """Answers what the routes do not, so that it does not fall through to the page."""

    def __init__(self, router: APIRouter) -> None:
        self.routes = [route for route in router.routes if isinstance(route, APIRoute)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = path_of(scope)
        methods = sorted(
            method for route in self.routes if route.path == path for method in route.methods or ()
        )
        if methods:
            detail = f"{path} takes {' and '.join(methods)}, not {scope['method']}."
            refusal = problem.problem(405, detail, {"Allow": ", ".join(methods)})
        else:
            refusal = problem.problem(404, f"There is no {path}; see /api/docs.")
        await refusal(scope, receive, send)


def _as_json(picture: bytes, explain: bool, recognizer: Recognizer) -> tuple[Response, int]:
    answer = read(recognizer, picture, explain)
    content = to_json(answer, recognizer.classifier, explain)
    return JSONResponse(content, headers={"Vary": "Accept"}), len(answer.faces)


def _as_picture(picture: bytes, _: bool, recognizer: Recognizer) -> tuple[Response, int]:
    answer = read(recognizer, picture)
    pixels = cv2.cvtColor(annotate(answer), cv2.COLOR_RGB2BGR)
    png = cv2.imencode(".png", pixels)[1].tobytes()
    return Response(png, media_type="image/png", headers={"Vary": "Accept"}), len(answer.faces)


async def _picture_of(request: Request, limit: int) -> bytes:
    """The picture's bytes out of a form or of the body itself."""
    kind = _media_type(request.headers.get("content-type"))
    if kind == "multipart/form-data":
        content = await _file_of_form(request)
    elif kind.startswith("image/"):
        content = await request.body()
    else:
        raise HTTPException(
            415,
            "Send the picture as the field 'file' of a multipart/form-data body, or as the body "
            f"with its image/* type. Received: {kind or 'no Content-Type'}.",
        )
    if len(content) > limit:
        raise ImageTooLarge(
            f"The picture has {len(content):,} bytes; at most {limit:,} are taken. Make it smaller."
        )
    return content


class _InMemory(MultiPartParser):
    """Starlette's parser, which writes what exceeds a megabyte to a file, without that file."""

    spool_max_size = sys.maxsize  # BodyLimit bounds what comes in


async def _file_of_form(request: Request) -> bytes:
    parser = _InMemory(
        request.headers, request.stream(), max_files=_MOST_PARTS, max_fields=_MOST_PARTS
    )
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise HTTPException(422, f"The form cannot be read: {error.message}") from error
    try:
        files = [part for part in form.getlist("file") if isinstance(part, UploadFile)]
        if len(files) != 1:
            raise HTTPException(
                422, f"The form takes one picture, in the field 'file'. Received: {len(files)}."
            )
        kind = _media_type(files[0].content_type)
        # Programs that do not know a picture's type say octet-stream; decoding will tell.
        if not kind.startswith("image/") and kind not in ("", "application/octet-stream"):
            raise HTTPException(415, f"The form's file must be an image. Received: {kind}.")
        return await files[0].read()
    finally:
        await form.close()


def _media_type(header: str | None) -> str:
    return (header or "").partition(";")[0].strip().lower()


def _prefers_png(accept: str) -> bool:
    """Whether an Accept header (RFC 9110, 12.5.1) ranks a PNG picture above JSON."""
    ranges: dict[str, float] = {}
    for each in accept.split(","):
        kind, *parameters = (part.strip().lower() for part in each.split(";"))
        weight = next((p[2:] for p in parameters if p.startswith("q=")), "1")
        try:
            ranges[kind] = float(weight)
        except ValueError:
            ranges[kind] = 0.0

    def rank(*kinds: str) -> float:
        return next((ranges[kind] for kind in kinds if kind in ranges), 0.0)

    png = rank("image/png", "image/*", "*/*")
    return png > rank("application/json", "application/*", "*/*")
