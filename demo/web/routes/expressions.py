"""The expressions in a picture, over HTTP."""

import asyncio
import base64
import sys
from functools import partial
from typing import Annotated

import cv2
import numpy as np
from fastapi import Query, Request
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRouter
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser

from demo.answer import schema
from demo.answer.as_json import to_json
from demo.answer.as_picture import annotate
from demo.answer.reading import read
from demo.web.marks import takes_picture
from demo.web.problem import problem_responses
from demo.web.service import Service
from model import Recognizer
from preprocessing.images import ImageTooLarge
from preprocessing.reducing import reduced_to

ROUTE = "/api/v1/expressions"

# The most files and the most fields that a form may have; one file is used.
_MOST_PARTS = 20

_PICTURE = {"type": "string", "format": "binary"}

# The picture types that an answer may have instead of JSON, the preferred one first, with OpenCV's
# suffix and options for each.
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


def add_expressions(router: APIRouter, service: Service, limit: int) -> None:
    @router.post(
        ROUTE,
        response_model=schema.Expressions,
        response_description="The faces from left to right; the list is empty if there are none.",
        responses={
            200: {"content": {kind: {"schema": _PICTURE} for kind in _PICTURE_TYPES}},
            **problem_responses(
                _400="The connection ended before the picture was complete.",
                _403="Another site's page made the browser send this request.",
                _408="The picture arrived too slowly.",
                _413="The picture has too many bytes or too many pixels.",
                _415="The body is neither a form nor an image, or the form's file is not an image.",
                _422="The picture cannot be read, the form has no `file`, or a parameter is not a "
                "boolean.",
                _429="This client sent too many requests; `Retry-After` says when to try again.",
                _503="The network is still being loaded, or too many pictures are waiting; "
                "`Retry-After` says when to try again.",
            ),
        },
        openapi_extra={"requestBody": _BODY},
    )
    @takes_picture
    async def expressions(
        request: Request,
        explain: Annotated[
            bool, Query(description="Also give each face's `attention` and `crop`.")
        ] = False,
        preview: Annotated[
            bool, Query(description="Also give the picture itself, as `image.preview`.")
        ] = False,
    ) -> Response:
        """Reads the expression of every face in a picture.

        Send the picture as the field `file` of a form, or as the body itself. With
        `Accept: image/png` or `image/jpeg`, the answer is the picture with a labelled box round each
        face.
        """
        service.check()  # Before the body is read, because it may be large.
        picture = await _picture_of(request, limit)
        kind = _preferred(request.headers.get("accept", ""))
        if kind in _PICTURE_TYPES:
            task = service.submit(partial(_as_picture, picture, kind))
        else:
            task = service.submit(partial(_as_json, picture, explain, preview))
        response, request.state.faces = await asyncio.wrap_future(task)
        return response


def _as_json(
    picture: bytes, explain: bool, preview: bool, recognizer: Recognizer
) -> tuple[Response, int]:
    answer = read(recognizer, picture, explain)
    content = to_json(answer, recognizer.classifier, explain)
    if preview:
        small = _encoded(reduced_to(answer.picture.pixels, _PREVIEW_SIDE), "image/jpeg")
        content["image"]["preview"] = base64.b64encode(small).decode()
    return JSONResponse(content, headers={"Vary": "Accept"}), len(answer.faces)


def _as_picture(picture: bytes, kind: str, recognizer: Recognizer) -> tuple[Response, int]:
    answer = read(recognizer, picture)
    content = _encoded(annotate(answer), kind)
    return Response(content, media_type=kind, headers={"Vary": "Accept"}), len(answer.faces)


def _encoded(pixels: np.ndarray, kind: str) -> bytes:
    """Encodes an RGB picture as a file of one of `_PICTURE_TYPES`."""
    bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    suffix, parameters = _PICTURE_TYPES[kind]
    return cv2.imencode(suffix, bgr, parameters)[1].tobytes()


async def _picture_of(request: Request, limit: int) -> bytes:
    """Returns the picture's bytes from a form or from the body itself."""
    kind = _media_type(request.headers.get("content-type"))
    if kind == "multipart/form-data":
        content = await _file_of_form(request)
    elif kind.startswith("image/"):
        content = await request.body()
    else:
        raise HTTPException(
            415,
            "Send the picture as the field 'file' of a multipart/form-data body, or as the body itself "
            f"with its image/* type. Received: {kind or 'no Content-Type'}.",
        )
    if len(content) > limit:
        raise ImageTooLarge(
            f"The picture has {len(content):,} bytes; at most {limit:,} are allowed. Make it smaller."
        )
    return content


class _InMemory(MultiPartParser):
    """Starlette's parser, kept in memory; by default it writes parts over a megabyte to a file."""

    spool_max_size = sys.maxsize  # `BodyLimit` limits the size.


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
        # Programs that do not know a picture's type send octet-stream; decoding checks the content.
        if not kind.startswith("image/") and kind not in ("", "application/octet-stream"):
            raise HTTPException(415, f"The form's file must be an image. Received: {kind}.")
        return await files[0].read()
    finally:
        await form.close()


def _media_type(header: str | None) -> str:
    return (header or "").partition(";")[0].strip().lower()


def _preferred(accept: str) -> str:
    """Returns the type that an Accept header (RFC 9110, 12.5.1) ranks highest; JSON wins a tie."""
    ranges: dict[str, float] = {}
    for entry in accept.split(","):
        kind, *parameters = (part.strip().lower() for part in entry.split(";"))
        weight = next((p[2:] for p in parameters if p.startswith("q=")), "1")
        try:
            ranges[kind] = float(weight)
        except ValueError:
            ranges[kind] = 0.0

    def rank(kind: str) -> float:
        every = f"{kind.partition('/')[0]}/*"
        return next((ranges[name] for name in (kind, every, "*/*") if name in ranges), 0.0)

    return max(("application/json", *_PICTURE_TYPES), key=rank)
