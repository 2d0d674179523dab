"""The page's own files: its scripts as they are, and what they need to know of this server."""

import json

from fastapi import FastAPI
from fastapi.responses import Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from demo.drawing import text_colour
from demo.page.example_film import add_example_film
from demo.page.templates import FOLDER
from demo.settings import Settings
from model.labels import COLOURS, EMOJI, EMOTIONS

# Below it lie the scripts; the addresses are relative to the page's.
ROUTE = "/page"


def add_files(app: FastAPI, settings: Settings) -> None:
    """Serves the scripts under `/page/scripts`, and `/page/scripts/facts.js`, which is made here."""
    facts = _facts(settings)

    async def answer(_: object) -> Response:
        return Response(facts, media_type="text/javascript", headers={"Cache-Control": "no-cache"})

    app.router.routes.append(Route(f"{ROUTE}/scripts/facts.js", answer))
    scripts: ASGIApp = StaticFiles(directory=FOLDER / "scripts")
    app.mount(f"{ROUTE}/scripts", scripts)
    add_example_film(app, ROUTE)


def starting(script: str) -> str:
    """JavaScript for Gradio to run in a component: it starts a module on the component's element.

    Args:
        script: the module's name in `demo/page/scripts`; it exports `start(element)`.
    """
    address = f"{ROUTE.removeprefix('/')}/scripts/{script}"
    return (
        f"import(new URL({json.dumps(address)}, document.baseURI))"
        ".then(({ start }) => start(element));"
    )


def _facts(settings: Settings) -> str:
    emotions = {
        emotion: {
            "emoji": EMOJI[emotion],
            "colour": COLOURS[emotion],
            "ink": text_colour(COLOURS[emotion]),
        }
        for emotion in EMOTIONS
    }
    return (
        "// Made by the server: what the scripts share with it.\n"
        f"export const EMOTIONS = {json.dumps(emotions)};\n"
        f"export const MOST_BYTES = {settings.max_upload_bytes}; // of a picture\n"
    )
