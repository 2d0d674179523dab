"""The one named endpoint, `/expressions`, for Gradio's own clients."""

import asyncio
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from demo.answer.as_json import to_json
from demo.answer.reading import read
from demo.answer.schema import Expressions
from demo.page.gradio.blocks import NOT_UPLOADED, PrivateBlocks, Refusal
from demo.web.monitor import Monitor
from demo.web.service import Busy, NotReady, Service
from model import Recognizer
from preprocessing.images import ImageTooLarge, InvalidImage

NAME = "expressions"

_DESCRIPTION = (
    "Reads the expression of every face in a picture, from left to right, and gives the same JSON as"
    " POST /api/v1/expressions. An expression shown is not an emotion felt. The picture is deleted"
    " after the answer."
)

# Uploads are deleted after 20 seconds (see `demo.web.uploads`).
_WAITED_TOO_LONG = "The picture waited too long and has been deleted. Send it again."


def add_endpoint(blocks: PrivateBlocks, service: Service, monitor: Monitor) -> None:
    """Adds the endpoint to a page that is being built; the page does not show it.

    Args:
        blocks: the page, entered with `with`.
        service: reads the pictures.
        monitor: records each answer.
    """
    picture = _picture()
    answer = gr.JSON(label="Expressions", visible=False)

    async def expressions(picture: dict[str, Any], request: gr.Request) -> Expressions:
        blocks.forget_unfetched(request.session_hash)
        return await _answer(service, monitor, picture)

    gr.Button(visible=False).click(
        expressions,
        picture,
        answer,
        api_name=NAME,
        api_description=_DESCRIPTION,
        # The component's own preprocessing would pass on a copy of the file.
        preprocess=False,
        concurrency_limit=service.capacity,
    )


def _picture() -> gr.File:
    """Makes a file component with a short description; Gradio's own names a file on its site.

    It is not a subclass, because Gradio writes type stubs for subclasses next to their source.
    """
    file = gr.File(label="Picture", visible=False)
    described = file.api_info() | {"additional_description": 'such as handle_file("photo.jpg")'}
    file.api_info = lambda: described
    file.example_inputs = lambda: "photo.jpg"
    return file


async def _answer(service: Service, monitor: Monitor, upload: Any) -> Expressions:
    """Returns the JSON for an uploaded picture and deletes its file in any case."""
    began = time.perf_counter()
    # An error that is not handled below is a defect and stays 500.
    status, faces = 500, None
    path = _file_of(upload)
    try:
        json = await asyncio.wrap_future(service.submit(partial(_read, path)))
        status, faces = 200, len(json["faces"])
        return json
    except (InvalidImage, NotReady, Busy, FileNotFoundError) as error:
        status = _status(error)
        sentence = _WAITED_TOO_LONG if status == 404 else str(error)
        raise Refusal(sentence) from None
    finally:
        await asyncio.to_thread(_delete, path)
        monitor.record(f"/{NAME}", "gradio", status, time.perf_counter() - began, faces=faces)


def _file_of(upload: Any) -> Path:
    """Returns the file of an upload, so that no other file is ever read or deleted.

    Raises:
        Refusal: the call names something other than an uploaded file.
    """
    path = upload.get("path") if isinstance(upload, dict) else None
    if isinstance(path, str) and "\0" not in path:
        file = Path(path).resolve()
        # Each upload lies in its own folder.
        if file.parent.parent == Path(get_upload_folder()).resolve():
            return file
    raise Refusal(NOT_UPLOADED)


def _status(error: Exception) -> int:
    """Returns the status that the HTTP route would answer with."""
    if isinstance(error, FileNotFoundError):
        return 404
    if isinstance(error, InvalidImage):
        return 413 if isinstance(error, ImageTooLarge) else 422
    return 503


def _read(path: Path, recognizer: Recognizer) -> Expressions:
    # Pass the bytes, because messages about a path would name the path.
    return to_json(read(recognizer, path.read_bytes()), recognizer.classifier)


def _delete(path: Path) -> None:
    path.unlink(missing_ok=True)
    with suppress(OSError):  # If the folder is not empty, `Uploads.sweep` deletes it later.
        path.parent.rmdir()
