"""The pages that the footer links to: the model card and the licence."""

import asyncio
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from markupsafe import Markup
from starlette.routing import Route

from demo.page.templates import render

if TYPE_CHECKING:
    from markdown_it.token import Token

_ROOT = Path(__file__).parents[2]


def add_model_card_and_licence(app: FastAPI) -> None:
    """Serves `/page/model-card` and `/page/licence`."""

    async def card(_: object) -> Response:
        return HTMLResponse(await asyncio.to_thread(_card))

    async def licence(_: object) -> Response:
        return PlainTextResponse((_ROOT / "LICENSE").read_text("utf-8"))

    app.router.routes.append(Route("/page/model-card", card))
    app.router.routes.append(Route("/page/licence", licence))


@cache
def _card() -> str:
    """Returns the model card as HTML, without the links and pictures that need the source tree."""
    from markdown_it import MarkdownIt  # imported here, so that the server starts sooner

    text = (_ROOT / "model" / "MODEL_CARD.md").read_text("utf-8")
    text = re.sub(r"<!--.*?-->\n", "", text)  # These comments mark the tables for tests.
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(text)
    for token in tokens:
        for part in token.children or ():
            _remove_local_target(part)
    return render(
        "model_card.html", body=Markup(markdown.renderer.render(tokens, markdown.options, {}))
    )


def _remove_local_target(part: "Token") -> None:
    """Removes the target of a link into the source, and replaces a picture with its text."""
    if part.type == "link_open" and not str(part.attrs["href"]).startswith(("https:", "http:")):
        del part.attrs["href"]
    elif part.type == "image":
        part.type, part.content = "text", f"({part.content})"
