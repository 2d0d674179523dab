"""What the footer leads to: the model card and the licence, as pages of this server."""

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
    """The model card as HTML, without what only its readers beside the source can follow."""
    from markdown_it import MarkdownIt  # which a start needs not wait for

    text = (_ROOT / "model" / "MODEL_CARD.md").read_text("utf-8")
    text = re.sub(r"<!--.*?-->\n", "", text)  # they mark its tables for tests
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(text)
    for token in tokens:
        for part in token.children or ():
            _stay_here(part)
    return render(
        "model_card.html", body=Markup(markdown.renderer.render(tokens, markdown.options, {}))
    )


def _stay_here(part: "Token") -> None:
    """Takes the target of a link into the source, and a picture in favour of what it is called."""
    if part.type == "link_open" and not str(part.attrs["href"]).startswith(("https:", "http:")):
        del part.attrs["href"]
    elif part.type == "image":
        part.type, part.content = "text", f"({part.content})"
