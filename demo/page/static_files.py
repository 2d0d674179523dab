"""The page's own files: its scripts as they are, and what they need to know of this server."""

import json

from fastapi import FastAPI
from fastapi.responses import Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from demo.answer.as_picture import text_colour
from demo.answer.as_table import CSV_COLUMNS
from demo.film.table import COLUMNS
from demo.page.example_film import add_example_film
from demo.page.examples import add_examples
from demo.page.templates import FOLDER
from demo.settings import Settings
from demo.web.service import Service
from model.labels import COLOURS, EMOJI, EMOTIONS
from preprocessing.images import WORKING_SIDE

# Photographs that a visitor may bring at once.
MOST_PHOTOGRAPHS = 20

# Below it lies all that is the page's own.
_ROUTE = "/page"
_SCRIPTS = f"{_ROUTE}/scripts"


def add_static_files(app: FastAPI, service: Service, settings: Settings) -> None:
    """Serves the scripts under `/page/scripts`, where `facts.js` is made here, and the examples."""
    add_examples(app, service)
    facts = _facts(settings)

    async def answer(_: object) -> Response:
        return Response(facts, media_type="text/javascript", headers={"Cache-Control": "no-cache"})

    app.router.routes.append(Route(f"{_SCRIPTS}/facts.js", answer))
    scripts: ASGIApp = StaticFiles(directory=FOLDER / "scripts")
    app.mount(_SCRIPTS, scripts)
    add_example_film(app, _ROUTE)


def starting(script: str) -> str:
    """JavaScript for Gradio to run in a component: it starts a module on the component's element.

    Args:
        script: the module's name in `demo/page/scripts`; it exports `start(element)`.
    """
    address = f"{_SCRIPTS.removeprefix('/')}/{script}"
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
        f"export const MOST_PHOTOGRAPHS = {MOST_PHOTOGRAPHS}; // at once\n"
        f"export const LONGEST_SIDE = {WORKING_SIDE}; // in pixels, of what the server looks at\n"
        f"export const CSV_COLUMNS = {json.dumps(CSV_COLUMNS)}; // of a table of faces\n"
        f"export const FILM_COLUMNS = {json.dumps(COLUMNS)}; // of a film's or the camera's\n"
    )
