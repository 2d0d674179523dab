"""The HTTP routes: expressions of a picture, health, version, and their documentation."""

import asyncio
import base64
import sys
from functools import partial
from typing import Annotated, Any

import cv2
import numpy as np
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
from demo.drawing import annotate, reduced
from demo.service import Service, read
from demo.settings import Settings
from demo.web import docs, problem, schema
from demo.web.addresses import path_of, public_address
from demo.web.films import Films
from demo.web.live import LiveViews
from demo.web.monitoring import Monitor
from model import Recognizer
from preprocessing.images import ImageTooLarge

VERSION = "1.1.0"

ROUTE = "/api/v1/expressions"

# Parts of a form, of each kind; one is used.
_MOST_PARTS = 20

_PICTURE = {"type": "string", "format": "binary"}

# What an answer may be instead of JSON, the preferred type first, with how OpenCV is to write it.
_PICTURE_TYPES: dict[str, tuple[str, list[int]]] = {
    "image/png": (".png", []),
    "image/jpeg": (".jpg", [cv2.IMWRITE_JPEG_QUALITY, 90]),
}

# The longer side of `image.preview`, in pixels.
_PREVIEW_SIDE = 1280
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
        ROUTE,
        response_model=schema.Expressions,
        response_description="The faces from left to right; none is an empty list.",
        responses={
            200: {"content": {kind: {"schema": _PICTURE} for kind in _PICTURE_TYPES}},
            **_problems(
                _400="The connection ended before the picture was complete.",
                _403="Another site's page makes the browser send this.",
                _408="The picture comes too slowly.",
                _413="The picture has too many bytes or too many pixels.",
                _415="The body is neither a form nor an image, or the form's file is no image.",
                _422="The picture cannot be read, the form has no `file`, or a parameter is no boolean.",
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
        preview: Annotated[
            bool, Query(description="Also give the picture itself, as `image.preview`.")
        ] = False,
    ) -> Response:
        """The expression of every face in a picture.

        Send the picture as the field `file` of a form, or as the body itself. With
        `Accept: image/png` or `image/jpeg` the answer is the picture with its faces boxed and named.
        """
        service.check()  # before the body, which may be large
        picture = await _picture_of(request, limit)
        kind = _preferred(request.headers.get("accept", ""))
        if kind in _PICTURE_TYPES:
            task = service.submit(partial(_as_picture, picture, kind))
        else:
            task = service.submit(partial(_as_json, picture, explain, preview))
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


def _as_json(
    picture: bytes, explain: bool, preview: bool, recognizer: Recognizer
) -> tuple[Response, int]:
    answer = read(recognizer, picture, explain)
    content = to_json(answer, recognizer.classifier, explain)
    if preview:
        small = _encoded(reduced(answer.picture.pixels, _PREVIEW_SIDE), "image/jpeg")
        content["image"]["preview"] = base64.b64encode(small).decode()
    return JSONResponse(content, headers={"Vary": "Accept"}), len(answer.faces)


def _as_picture(picture: bytes, kind: str, recognizer: Recognizer) -> tuple[Response, int]:
    answer = read(recognizer, picture)
    content = _encoded(annotate(answer), kind)
    return Response(content, media_type=kind, headers={"Vary": "Accept"}), len(answer.faces)


def _encoded(pixels: np.ndarray, kind: str) -> bytes:
    """An RGB picture as a file of one of `_PICTURE_TYPES`."""
    bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    suffix, parameters = _PICTURE_TYPES[kind]
    return cv2.imencode(suffix, bgr, parameters)[1].tobytes()


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


def _preferred(accept: str) -> str:
    """The type that an Accept header (RFC 9110, 12.5.1) ranks highest; JSON where others are equal."""
    ranges: dict[str, float] = {}
    for each in accept.split(","):
        kind, *parameters = (part.strip().lower() for part in each.split(";"))
        weight = next((p[2:] for p in parameters if p.startswith("q=")), "1")
        try:
            ranges[kind] = float(weight)
        except ValueError:
            ranges[kind] = 0.0

    def rank(kind: str) -> float:
        every = f"{kind.partition('/')[0]}/*"
        return next((ranges[each] for each in (kind, every, "*/*") if each in ranges), 0.0)

    return max(("application/json", *_PICTURE_TYPES), key=rank)
