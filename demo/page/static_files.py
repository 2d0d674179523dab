"""The page's own files: its scripts, and the facts about this server that they need."""

import json
from collections.abc import Iterable

from fastapi import FastAPI
from fastapi.responses import Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from demo.answer import schema
from demo.answer.as_picture import text_colour
from demo.answer.as_table import CSV_COLUMNS, FACE_COLUMNS
from demo.film.table import COLUMNS
from demo.page.example_film import add_example_film
from demo.page.examples import add_examples
from demo.page.templates import FOLDER
from demo.settings import Settings
from demo.web.service import Service
from model.labels import COLOURS, EMOJI, EMOTIONS
from preprocessing.images import WORKING_SIDE

# A visitor may open this many photographs at once.
MOST_PHOTOGRAPHS = 20

# All of the page's own files lie below this route.
_ROUTE = "/page"
_SCRIPTS = f"{_ROUTE}/scripts"

_FACE_COLUMNS = {column.name for column in FACE_COLUMNS}


def add_static_files(app: FastAPI, service: Service, settings: Settings) -> None:
    """Serves the examples and the scripts under `/page/scripts`; `facts.js` is generated here."""
    add_examples(app, service)
    facts = _facts(settings)

    async def answer(_: object) -> Response:
        return Response(facts, media_type="text/javascript", headers={"Cache-Control": "no-cache"})

    app.router.routes.append(Route(f"{_SCRIPTS}/facts.js", answer))
    scripts: ASGIApp = StaticFiles(directory=FOLDER / "scripts")
    app.mount(_SCRIPTS, scripts)
    add_example_film(app, _ROUTE)


def starting(script: str) -> str:
    """Returns JavaScript that Gradio runs in a component: it starts a module on its element.

    Args:
        script: the module's name in `demo/page/scripts`; it exports `start(element)`.
    """
    address = f"{_SCRIPTS.removeprefix('/')}/{script}"
    return (
        f"import(new URL({json.dumps(address)}, document.baseURI))"
        ".then(({ start }) => start(element));"
    )


def _on_page(names: Iterable[str]) -> list[str]:
    """Returns those columns that the page can fill: a face's columns come from its JSON."""
    known = {*schema.Box.__annotations__, *schema.Face.__annotations__, *EMOTIONS}
    return [name for name in names if name in known or name not in _FACE_COLUMNS]


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
        "// The server generates this file: values that the scripts share with it.\n"
        f"export const EMOTIONS = {json.dumps(emotions)};\n"
        f"export const MOST_BYTES = {settings.max_upload_bytes}; // per picture\n"
        f"export const MOST_PHOTOGRAPHS = {MOST_PHOTOGRAPHS}; // at once\n"
        f"export const LONGEST_SIDE = {WORKING_SIDE}; // pixels; the server uses no more\n"
        f"export const CSV_COLUMNS = {json.dumps(_on_page(CSV_COLUMNS))}; // of the photographs' table\n"
        f"export const FILM_COLUMNS = {json.dumps(_on_page(COLUMNS))}; // of the film's and camera's tables\n"
    )
